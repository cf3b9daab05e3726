/* view/verdict.c - what a comparison means, in sentences. Room: view/. Any thread.
 *
 * Three figures decide. The speed-up of threads against that of the modes with a GIL for each copy says whether the
 * GIL costs anything. The share of the threads' lives spent waiting for the GIL says whether it is the GIL that costs
 * it. The share of the time for which the serial run held the GIL says whether the script runs Lua or waits. The CPUs
 * that it used would not: on a busy machine a script that only computes gets half a CPU too. Every claim is made
 * under the condition that bears it out, and next to the figure that does.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view_internal.h"

#define GAIN 1.15       /* a speed-up below this is next to nothing */
#define LOSS 0.9        /* and below this worse than nothing */
#define CLEARLY 1.2     /* one speed-up over another from which on they differ */
#define CLOSE 1.1       /* and below which one is as good as the other */
#define LARGE 1.5       /* a speed-up that a busy machine does not explain */
#define GIL_MATTERS 0.2 /* share of the threads' lives spent waiting for the GIL */
#define HALF 0.5        /* of the serial run with the GIL held: below it the script rather does something else */
#define ALMOST_ALL 0.9  /* and above it hardly anything but run Lua */
#define OWN_CPU 0.7  /* CPUs used by the serial run, below which it was not left alone with one, or did not use it */
#define SPREAD 0.25  /* between the slowest and the fastest run, of the median */
#define SHORT_S 0.01 /* a copy that runs for less is mostly start-up */

/* The rows that can be relied on, NULL for the others, and the verdict's text. */
struct verdict {
  const struct view_compare *compare;
  const struct view_compare_row *serial, *threads, *interpreters, *processes;
  const struct view_compare_row *apart; /* the faster of the two whose copies have a GIL each */
  FILE *text;
};

struct figure {
  char text[VIEW_NUMBER_BYTES + 8];
};

static struct figure times(double speedup) {
  struct figure figure;
  char number[VIEW_NUMBER_BYTES];
  snprintf(figure.text, sizeof figure.text, "%sx", view_fixed(number, speedup, 2));
  return figure;
}

static struct figure percent(double share) {
  struct figure figure;
  view_percent(figure.text, share);
  return figure;
}

static struct figure decimal(double value) {
  struct figure figure;
  view_fixed(figure.text, value, 2);
  return figure;
}

static struct figure duration(double seconds) {
  struct figure figure;
  view_time(figure.text, llround(seconds * 1e9));
  return figure;
}

static struct figure mebibytes(double kb) {
  struct figure figure;
  char number[VIEW_NUMBER_BYTES];
  snprintf(figure.text, sizeof figure.text, "%s MiB", view_fixed(number, kb / 1024, 1));
  return figure;
}

static const struct view_compare_row *find(const struct view_compare *compare, const char *mode) {
  for (unsigned i = 0; i < compare->count; i++) {
    const struct view_compare_row *row = &compare->rows[i];
    if (strcmp(row->mode, mode) == 0) return row->runs > 0 && row->failed == 0 && row->wall_s > 0 ? row : NULL;
  }
  return NULL;
}

static const struct view_compare_row *faster(const struct view_compare_row *a, const struct view_compare_row *b) {
  if (!a || !b) return a ? a : b;
  return b->speedup > a->speedup ? b : a;
}

/* The other one of the two, NULL if it has no figures. */
static const struct view_compare_row *slower_apart(const struct verdict *v) {
  return v->apart == v->processes ? v->interpreters : v->processes;
}

/* ---------------------------------------------------------------- sentences ------------------------------------ */

/* "Processes (1.94x) and interpreters (1.93x) have a GIL for each copy and use 1.97 and 1.98 CPUs." */
static void say_what_own_gils_give(const struct verdict *v) {
  const struct view_compare_row *first = v->apart, *second = slower_apart(v);
  fprintf(v->text, "%s (%s)", first == v->processes ? "Processes" : "Interpreters", times(first->speedup).text);
  if (second) {
    fprintf(v->text, " and %s (%s) have a GIL for each copy and use %s and %s CPUs. ", second->mode,
            times(second->speedup).text, decimal(first->cores).text, decimal(second->cores).text);
  } else {
    fprintf(v->text, " have a GIL for each copy and use %s CPUs. ", decimal(first->cores).text);
  }
}

static void say_which_own_gils(const struct verdict *v) {
  if (!v->processes || !v->interpreters) {
    fprintf(v->text, "Use %s. ", v->apart->mode);
    return;
  }
  if (v->apart->speedup >= CLOSE * slower_apart(v)->speedup) {
    fprintf(v->text, "Use %s. ", v->apart->mode);
    return;
  }
  const struct view_compare_row *smaller = v->processes->pss_kb < v->interpreters->pss_kb ? v->processes
                                                                                          : v->interpreters;
  const struct view_compare_row *larger = smaller == v->processes ? v->interpreters : v->processes;
  fputs("Use either of them", v->text);
  if (smaller->pss_kb > 0 && larger->pss_kb > 1.05 * smaller->pss_kb)
    fprintf(v->text, ": %s take less memory here (%s against %s)", smaller->mode, mebibytes(smaller->pss_kb).text,
            mebibytes(larger->pss_kb).text);
  fputs(". ", v->text);
}

static void say_limit_of_cpus(const struct verdict *v) {
  const struct view_compare *compare = v->compare;
  if (compare->copies > compare->cpus && v->serial->gil_held_share >= HALF)
    fprintf(v->text, "With %u copies on %u CPU%s, computing side by side cannot give more than %ux. ",
            compare->copies, compare->cpus, compare->cpus == 1 ? "" : "s", compare->cpus);
}

/* Whether the serial run was kept from its CPU, or did not use it: then what the others reach says little. */
static bool lacked_cpu(const struct verdict *v) {
  return v->serial->gil_held_share >= HALF && v->serial->cores < OWN_CPU * v->serial->gil_held_share;
}

/* Threads gain nothing, copies with a GIL each do. */
static void say_gil_bound(const struct verdict *v) {
  double wait = v->threads->gil_wait_share;
  struct figure gain = times(v->threads->speedup), share = percent(wait);
  const char *what = v->threads->speedup < LOSS ? "take longer than one after the other" : "gain next to nothing";
  if (wait < GIL_MATTERS) {
    fprintf(v->text,
            "Threads %s (%s), although they spend only %s of their lives waiting for the GIL: it is something else "
            "that the copies share in one universe that holds them up. ",
            what, gain.text, share.text);
  } else if (v->serial->cores < HALF) {
    fprintf(
        v->text,
        "Threads %s (%s): they spend %s of their lives waiting for the GIL. Yet the serial run used only %s CPUs: "
        "either other programs keep the CPUs busy, or the GIL is held without computing, as by a native call that "
        "blocks and does not release it. ",
        what, gain.text, share.text, decimal(v->serial->cores).text);
  } else {
    fprintf(
        v->text,
        "This script is CPU-bound: only one thread can hold the GIL, so %u threads spend %s of their lives waiting "
        "for it and %s (%s). ",
        v->compare->copies, share.text, what, gain.text);
  }
  say_what_own_gils_give(v);
  if (!lacked_cpu(v) || v->apart->speedup >= LARGE) say_which_own_gils(v);
  say_limit_of_cpus(v);
}

/* Threads gain, copies with a GIL each gain more. */
static void say_mixed(const struct verdict *v) {
  struct figure share = percent(v->threads->gil_wait_share), gain = times(v->threads->speedup);
  if (v->serial->gil_held_share < ALMOST_ALL)
    fprintf(
        v->text,
        "This script is mixed: the serial run held the GIL for %s of the time, and did or awaited something else the "
        "rest of it. Threads overlap that rest and reach %s, but spend %s of their lives waiting for the GIL. ",
        percent(v->serial->gil_held_share).text, gain.text, share.text);
  else
    fprintf(v->text, "Threads gain something (%s), and spend %s of their lives waiting for the GIL. ", gain.text,
            share.text);
  say_what_own_gils_give(v);
  bool is_close = v->processes && v->interpreters && v->apart->speedup < CLOSE * slower_apart(v)->speedup;
  fprintf(v->text, "Use %s for speed, threads if the copies have to share memory. ",
          is_close ? "processes or interpreters" : v->apart->mode);
  say_limit_of_cpus(v);
}

static void say_use_threads(const struct verdict *v) {
  const struct view_compare_row *threads = v->threads, *apart = v->apart;
  fputs("Use threads: they share memory", v->text);
  if (threads->pss_kb > 0 && apart->pss_kb > 1.05 * threads->pss_kb)
    fprintf(v->text, " and take less of it (%s against %s for %s)", mebibytes(threads->pss_kb).text,
            mebibytes(apart->pss_kb).text, apart->mode);
  fputs(". ", v->text);
}

/* Threads gain about as much as copies with a GIL each. */
static void say_threads_do(const struct verdict *v) {
  struct figure gain = times(v->threads->speedup), share = percent(v->threads->gil_wait_share);
  struct figure gain_apart = times(v->apart->speedup);
  if (v->serial->gil_held_share < HALF && v->serial->cores < HALF) {
    fprintf(
        v->text,
        "This script is I/O-bound: the serial run held the GIL for %s of the time and spent the rest waiting for "
        "something else. While one thread waits the others go on, so threads reach %s and %s %s; the threads spend "
        "%s of their lives waiting for the GIL. ",
        percent(v->serial->gil_held_share).text, gain.text, v->apart->mode, gain_apart.text, share.text);
  } else if (v->threads->cores > CLEARLY) {
    fprintf(
        v->text,
        "Threads reach %s and use %s CPUs, though only one of them can run Lua at a time: much of the work is done "
        "with the GIL released, in native calls or in the system. %s are not clearly faster (%s). ",
        gain.text, decimal(v->threads->cores).text, v->apart == v->processes ? "Processes" : "Interpreters",
        gain_apart.text);
  } else {
    fprintf(v->text,
            "Threads reach %s and %s %s, which is not clearly different, and spend %s of their lives waiting for the "
            "GIL. ",
            gain.text, v->apart->mode, gain_apart.text, share.text);
  }
  say_use_threads(v);
}

static void say_why_nothing(const struct verdict *v) {
  const struct view_compare *compare = v->compare;
  const char *apart = v->apart == v->processes ? "Processes" : "Interpreters";
  double held = v->serial->gil_held_share;
  if (held < HALF)
    fprintf(
        v->text,
        "The serial run held the GIL for %s of the time, so the copies wait for something else, and they do not do "
        "it at the same time. ",
        percent(held).text);
  else if (compare->cpus == 1)
    fputs("There is only one CPU to run Lua on. ", v->text);
  else if (lacked_cpu(v))
    fprintf(v->text,
            "Even the serial run used only %s CPUs, though it held the GIL for %s of the time: either other programs "
            "keep the CPUs busy, or it waits with the GIL held. ",
            decimal(v->serial->cores).text, percent(held).text);
  else if (v->apart->cores < CLEARLY)
    fprintf(
        v->text,
        "%s used no more than %s of the %u CPUs: either they wait for each other, or other programs keep the rest "
        "busy. ",
        apart, decimal(v->apart->cores).text, compare->cpus);
  else
    fprintf(v->text, "%s used %s CPUs and yet were not sooner done: side by side the same work takes more CPU time. ",
            apart, decimal(v->apart->cores).text);
}

/* Neither threads nor copies with a GIL each gain. */
static void say_nothing_gained(const struct verdict *v) {
  fputs("Nothing is gained here by running the copies side by side: ", v->text);
  fprintf(v->text, "threads reach %s, %s %s. ", times(v->threads->speedup).text, v->apart->mode,
          times(v->apart->speedup).text);
  say_why_nothing(v);
}

static void say_too_short(const struct verdict *v) {
  fprintf(
      v->text,
      "One copy runs for %s only, and starting it is part of that: too little work to tell one way from another. ",
      duration(v->serial->wall_s / v->compare->copies).text);
}

static void say_one_copy(const struct verdict *v) {
  fputs("One copy has no company to gain from; ask for more with -j. What it takes each way: ", v->text);
  const char *between = "";
  for (unsigned i = 0; i < v->compare->count; i++) {
    const struct view_compare_row *row = find(v->compare, v->compare->rows[i].mode);
    if (!row) continue;
    fprintf(v->text, "%s%s %s", between, row->mode, duration(row->wall_s).text);
    between = ", ";
  }
  fputs(". ", v->text);
}

static void say_failures(const struct verdict *v) {
  for (unsigned i = 0; i < v->compare->count; i++) {
    const struct view_compare_row *row = &v->compare->rows[i];
    if (row->failed)
      fprintf(v->text, "There are no figures for %s, which failed with exit status %d. ", row->mode, row->failed);
  }
}

static void say_spread(const struct verdict *v) {
  const struct view_compare_row *widest = NULL;
  double spread = SPREAD;
  for (unsigned i = 0; i < v->compare->count; i++) {
    const struct view_compare_row *row = find(v->compare, v->compare->rows[i].mode);
    if (!row || row->runs < 2) continue;
    double of_row = (row->wall_max_s - row->wall_min_s) / row->wall_s;
    if (of_row > spread) spread = of_row, widest = row;
  }
  if (widest)
    fprintf(v->text, "The runs differ much from each other (%s: %s to %s), so small differences mean nothing. ",
            widest->mode, duration(widest->wall_min_s).text, duration(widest->wall_max_s).text);
}

static void say_all(const struct verdict *v) {
  say_failures(v);
  if (!v->serial)
    fputs("Without a serial run there is nothing to compare with. ", v->text);
  else if (v->compare->copies == 1)
    say_one_copy(v);
  else if (v->serial->wall_s / v->compare->copies < SHORT_S)
    say_too_short(v);
  else if (!v->threads || !v->apart)
    fputs("Too few of the four ways have figures to tell what suits this script. ", v->text);
  else if (v->threads->speedup < GAIN && v->apart->speedup < CLEARLY)
    say_nothing_gained(v);
  else if (v->threads->speedup < GAIN)
    say_gil_bound(v);
  else if (v->apart->speedup < CLEARLY * v->threads->speedup)
    say_threads_do(v);
  else
    say_mixed(v);
  say_spread(v);
}

/* ---------------------------------------------------------------- output --------------------------------------- */

int view_compare_verdict(FILE *out, const struct view_compare *compare) {
  char *text = NULL;
  size_t bytes = 0;
  struct verdict v = {.compare = compare,
                      .serial = find(compare, "serial"),
                      .threads = find(compare, "threads"),
                      .interpreters = find(compare, "interpreters"),
                      .processes = find(compare, "processes"),
                      .text = open_memstream(&text, &bytes)};
  if (!v.text) return -1;
  v.apart = faster(v.processes, v.interpreters);
  say_all(&v);
  int failed = fclose(v.text);
  if (!failed) view_print_wrapped(out, text);
  free(text);
  return failed ? -1 : view_written(out);
}
