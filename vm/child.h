/* vm/child.h - processes that a script starts: popen, pclose and system as they are in libc, without the GIL. Room:
 * vm/. Requires: the GIL held. All may switch, and keep errno. */
#ifndef VM_CHILD_H
#define VM_CHILD_H

#include <stdio.h>

FILE *vm_child_popen(const char *command, const char *mode);
int vm_child_pclose(FILE *process);
int vm_child_system(const char *command);

#endif
