/* cli/pss.c - how much memory a run takes, all its processes together. Room: cli/. Main thread only. Reads /proc of
 * the child that was started for the run and of its descendants, never of other processes.
 *
 * Looking disturbs: it costs CPU time here and holds a lock on the other's memory map. So the first look comes when a
 * short script has just begun to work, the next ones at growing distances, and never so often that looking takes more
 * than a hundredth of the time, however many processes there are.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"

#define FIRST_NS 2000000
#define LONGEST_NS 50000000
#define COST_FACTOR 100
#define DEPTH_MAX 16

static int64_t pss_of(long pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/smaps_rollup", pid);
  FILE *file = fopen(path, "re");
  if (!file) return 0; /* it has just ended */
  char line[256];
  long kb = 0;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "Pss: %ld", &kb) == 1) break;
  fclose(file);
  return kb;
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
  int64_t sum = pss_of(pid);
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

void pss_sample(struct pss_sampler *sampler) {
  int64_t from = gil_now_ns();
  int64_t kb = pss_of_tree(sampler->root, 0);
  int64_t now = gil_now_ns();
  if (kb > sampler->peak_kb) sampler->peak_kb = kb;
  sampler->step_ns = sampler->step_ns * 3 / 2 < LONGEST_NS ? sampler->step_ns * 3 / 2 : LONGEST_NS;
  int64_t affordable_ns = (now - from) * COST_FACTOR;
  sampler->next_ns = now + (sampler->step_ns > affordable_ns ? sampler->step_ns : affordable_ns);
}
