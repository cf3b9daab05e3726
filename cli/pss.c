/* cli/pss.c - how much memory a run takes, all its processes together. Room: cli/. Main thread only. Reads /proc of
 * the child that was started for the run and of its descendants, never of other processes.
 *
 * Looking disturbs: it costs CPU time here and holds a lock on the other's memory map. So the first look comes when a
 * short script has just begun to work, the next ones at growing distances, and never so often that looking takes more
 * than a twentieth of one CPU: with two copies it takes some thousandths, with hundreds of processes each look is
 * dear.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

#define FIRST_NS 2000000
#define LONGEST_NS 50000000
#define COST_FACTOR 20
#define DEPTH_MAX 16

struct memory {
  int64_t pss_kb;
  int64_t private_kb; /* mapped by nobody else */
};

static struct memory memory_of(long pid) {
  struct memory memory = {0};
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
  FILE *file = fopen(path, "re");
  if (!file) return memory; /* it has just ended */
  char line[256];
  long kb;
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "Pss: %ld", &kb) == 1) memory.pss_kb = kb;
    if (sscanf(line, "Private_Clean: %ld", &kb) == 1 || sscanf(line, "Private_Dirty: %ld", &kb) == 1)
      memory.private_kb += kb;
  }
  fclose(file);
  return memory;
}

static int64_t pss_of_tree(long pid, int depth);

static int64_t pss_of_children(long pid, const char *task, int depth) {
  char path[96];
  snprintf(path, sizeof path, "/proc/%ld/task/%.20s/children", pid, task);
  FILE *file = fopen(path, "re");
  if (!file) return 0; /* the thread has just ended */
  int64_t sum = 0;
  long child;
  while (fscanf(file, "%ld", &child) == 1) sum += pss_of_tree(child, depth + 1);
  fclose(file);
  return sum;
}

static int64_t pss_of_tree(long pid, int depth) {
  int64_t sum = memory_of(pid).pss_kb;
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/task", pid);
  DIR *tasks = depth < DEPTH_MAX ? opendir(path) : NULL;
  if (!tasks) return sum;
  struct dirent *entry;
  while ((entry = readdir(tasks)))
    if (entry->d_name[0] != '.') sum += pss_of_children(pid, entry->d_name, depth);
  closedir(tasks);
  return sum;
}

void pss_begin(struct pss_sampler *sampler, pid_t root) {
  bool sees_children = access("/proc/thread-self/children", R_OK) == 0;
  *sampler = (struct pss_sampler){
      .root = root, .step_ns = FIRST_NS, .next_ns = sees_children ? gil_now_ns() + FIRST_NS : GIL_NEVER};
}

/* CPU time, and not wall time: on a busy machine a look takes long without costing more. */
static int64_t cpu_time_ns(void) { return (int64_t)clock() * (1000000000 / CLOCKS_PER_SEC); }

void pss_sample(struct pss_sampler *sampler) {
  int64_t from = cpu_time_ns();
  int64_t kb = pss_of_tree(sampler->root, 0);
  /* What the tree shares with this process, from which it was forked, would be there without this process too: its
     part of those pages is added, so that they count in full. */
  struct memory own = memory_of(getpid());
  if (kb > 0) kb += own.pss_kb - own.private_kb;
  int64_t now = gil_now_ns();
  int64_t affordable_ns = (cpu_time_ns() - from) * COST_FACTOR;
  if (kb > sampler->peak_kb) sampler->peak_kb = kb;
  sampler->step_ns = sampler->step_ns * 3 / 2 < LONGEST_NS ? sampler->step_ns * 3 / 2 : LONGEST_NS;
  sampler->last_ns = now;
  sampler->next_ns = now + (sampler->step_ns > affordable_ns ? sampler->step_ns : affordable_ns);
}

int64_t pss_end(const struct pss_sampler *sampler) {
  int64_t seen_ns = sampler->last_ns - sampler->begun_ns, whole_ns = gil_now_ns() - sampler->begun_ns;
  return seen_ns >= whole_ns / 4 ? sampler->peak_kb : 0;
}
