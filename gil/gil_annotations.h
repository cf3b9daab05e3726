/* gil/gil_annotations.h - clang's thread-safety analysis under our names; nothing under other compilers.
 * Annotations stand on declarations in headers; a definition that implements a capability is GIL_TRUSTED. */
#ifndef GIL_ANNOTATIONS_H
#define GIL_ANNOTATIONS_H

#if defined(__clang__)
#define GIL_ATTRIBUTE(x) __attribute__((x))
#else
#define GIL_ATTRIBUTE(x)
#endif

#define GIL_CAPABILITY(name) GIL_ATTRIBUTE(capability(name))
#define GIL_ACQUIRE(...) GIL_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define GIL_RELEASE(...) GIL_ATTRIBUTE(release_capability(__VA_ARGS__))
#define GIL_REQUIRES(...) GIL_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define GIL_EXCLUDES(...) GIL_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define GIL_TRUSTED GIL_ATTRIBUTE(no_thread_safety_analysis)

#endif
