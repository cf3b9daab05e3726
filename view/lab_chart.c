/* view/lab_chart.c - throughput against the 99th percentile, each policy a named point, as a drawing (SVG). Room:
 * view/. Any thread. Up and to the left is better; the line joins the policies that no other beats in both, the
 * frontier. Thin lines through a point reach from its worst run to its best.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab_internal.h"

#define WIDTH 960
#define HEIGHT 600
#define LEFT 84
#define RIGHT 920
#define TOP 84
#define BOTTOM 520
#define LABEL_HEIGHT 14
#define LETTER_WIDTH 7.2 /* of the labels' 12 pixels, generously */
#define POINT_RADIUS 5

struct box {
  double left, top, right, bottom;
};

struct point {
  unsigned row;
  double x, y; /* on the drawing */
  double x_min, x_max, y_min, y_max;
  bool on_frontier;
  struct box label;
};

struct chart {
  const struct view_lab *lab;
  struct lab_column work, p99;
  double low_ns, high_ns; /* ends of the x axis; what is shorter, as where nobody waited, stands at its left end */
  double high_work;       /* end of the y axis, which begins at 0 */
  unsigned count;
  struct point *points;
  FILE *out;
};

/* ---------------------------------------------------------------- scales --------------------------------------- */

/* The largest of 1, 2, 5 times a power of ten that is not above `value`, or the smallest not below it. */
static double round_down(double value) {
  double power = pow(10, floor(log10(value))), lead = value / power;
  return power * (lead >= 5 ? 5 : lead >= 2 ? 2 : 1);
}

static double round_up(double value) {
  double down = round_down(value), power = pow(10, floor(log10(value)));
  if (down >= value) return down;
  return down < 1.5 * power ? 2 * power : down < 3 * power ? 5 * power : 10 * power;
}

static double x_of(const struct chart *chart, double ns) {
  if (ns <= chart->low_ns) return LEFT;
  return LEFT + (RIGHT - LEFT) * log(ns / chart->low_ns) / log(chart->high_ns / chart->low_ns);
}

static double y_of(const struct chart *chart, double work) {
  return BOTTOM - (BOTTOM - TOP) * work / chart->high_work;
}

static void find_scales(struct chart *chart) {
  double low = INFINITY, high = 0, work = 0;
  for (unsigned i = 0; i < chart->lab->count; i++) {
    const struct view_lab_value *p99 = lab_value(&chart->lab->rows[i], &chart->p99);
    const struct view_lab_value *value = lab_value(&chart->lab->rows[i], &chart->work);
    if (!p99 || !value) continue;
    if (p99->min > 0 && p99->min < low) low = p99->min;
    if (p99->max > high) high = p99->max;
    if (value->max > work) work = value->max;
  }
  if (!(low <= high)) low = high = 1000;
  chart->low_ns = round_down(low * 0.8);
  chart->high_ns = round_up(high * 1.25);
  chart->high_work = work > 0 ? work * 1.08 : 1;
}

static void find_points(struct chart *chart) {
  for (unsigned i = 0; i < chart->lab->count; i++) {
    const struct view_lab_value *p99 = lab_value(&chart->lab->rows[i], &chart->p99);
    const struct view_lab_value *work = lab_value(&chart->lab->rows[i], &chart->work);
    if (!p99 || !work) continue;
    chart->points[chart->count++] = (struct point){.row = i,
                                                   .x = x_of(chart, p99->median),
                                                   .y = y_of(chart, work->median),
                                                   .x_min = x_of(chart, p99->min),
                                                   .x_max = x_of(chart, p99->max),
                                                   .y_min = y_of(chart, work->min),
                                                   .y_max = y_of(chart, work->max),
                                                   .on_frontier = lab_on_frontier(chart->lab, i)};
  }
}

/* ---------------------------------------------------------------- writing -------------------------------------- */

/* Attributes and coordinates without the locale's decimal comma. */
static void coordinate(FILE *out, const char *name, double value) {
  char number[VIEW_NUMBER_BYTES];
  fprintf(out, " %s=\"%s\"", name, view_fixed(number, value, 1));
}

static void text_escaped(FILE *out, const char *text) {
  char clean[512];
  for (const char *at = view_clean(clean, sizeof clean, text); *at; at++) {
    if (*at == '<')
      fputs("&lt;", out);
    else if (*at == '&')
      fputs("&amp;", out);
    else
      fputc(*at, out);
  }
}

static void line(FILE *out, const char *class, double x1, double y1, double x2, double y2) {
  fprintf(out, "<line class=\"%s\"", class);
  coordinate(out, "x1", x1);
  coordinate(out, "y1", y1);
  coordinate(out, "x2", x2);
  coordinate(out, "y2", y2);
  fputs("/>\n", out);
}

static void text(FILE *out, const char *class, double x, double y, const char *words) {
  fprintf(out, "<text class=\"%s\"", class);
  coordinate(out, "x", x);
  coordinate(out, "y", y);
  fputc('>', out);
  text_escaped(out, words);
  fputs("</text>\n", out);
}

/* ---------------------------------------------------------------- axes ----------------------------------------- */

/* "20 ms" for "20.0 ms". */
static char *round_time(char *words, int64_t ns) {
  char *dot = strchr(view_time(words, ns), '.'), *blank = strchr(words, ' ');
  if (dot && blank) memmove(dot, blank, strlen(blank) + 1);
  return words;
}

static void x_tick(const struct chart *chart, double ns, bool is_named) {
  char words[VIEW_NUMBER_BYTES];
  double x = x_of(chart, ns);
  line(chart->out, "grid", x, TOP, x, BOTTOM);
  if (is_named) text(chart->out, "tick middle", x, BOTTOM + 18, round_time(words, llround(ns)));
}

/* Ticks at 1, 2 and 5; over many decades at 1 only. */
static void x_axis(const struct chart *chart) {
  char name[VIEW_CELL_BYTES + 80], p99[VIEW_CELL_BYTES + 16];
  bool is_wide = chart->high_ns / chart->low_ns > 2e4;
  double power = pow(10, floor(log10(chart->low_ns)));
  for (; power <= chart->high_ns * 1.001; power *= 10) {
    static const double leads[] = {1, 2, 5};
    for (unsigned i = 0; i < 3; i++) {
      double ns = power * leads[i];
      if (ns < chart->low_ns * 0.999 || ns > chart->high_ns * 1.001) continue;
      x_tick(chart, ns, i == 0 || !is_wide);
    }
  }
  line(chart->out, "axis", LEFT, BOTTOM, RIGHT, BOTTOM);
  snprintf(name, sizeof name, "%s (less is better)", lab_p99_name(chart->lab, p99, sizeof p99));
  text(chart->out, "name middle", (LEFT + RIGHT) / 2.0, BOTTOM + 44, name);
}

static void y_axis(const struct chart *chart) {
  double step = round_up(chart->high_work / 6), unit = step >= 1e6 ? 1e6 : step >= 1e3 ? 1e3 : 1;
  unsigned decimals = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 4;
  for (unsigned i = 0; i * step <= chart->high_work; i++) {
    char words[VIEW_NUMBER_BYTES + 2], number[VIEW_NUMBER_BYTES];
    line(chart->out, "grid", LEFT, y_of(chart, i * step), RIGHT, y_of(chart, i * step));
    snprintf(words, sizeof words, "%s%s", view_fixed(number, i * step / unit, decimals),
             i == 0 || unit == 1 ? "" : unit == 1e6 ? "M" : "k");
    text(chart->out, "tick end", LEFT - 8, y_of(chart, i * step) + 4, words);
  }
  line(chart->out, "axis", LEFT, TOP, LEFT, BOTTOM);
  text(chart->out, "name", 14, TOP - 14,
       chart->lab->is_marked ? "units of work per second (more is better)" : "runs per second (more is better)");
}

/* ---------------------------------------------------------------- names at the points -------------------------- */

static bool overlap(const struct box *a, const struct box *b) {
  return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

static bool is_free(const struct chart *chart, const struct box *box, unsigned placed) {
  if (box->left < LEFT + 2 || box->right > WIDTH - 4 || box->top < TOP - 10 || box->bottom > BOTTOM - 2) return false;
  for (unsigned i = 0; i < placed; i++)
    if (overlap(box, &chart->points[i].label)) return false;
  for (unsigned i = 0; i < chart->count; i++) {
    const struct point *point = &chart->points[i];
    const struct box dot = {point->x - POINT_RADIUS - 1, point->y - POINT_RADIUS - 1, point->x + POINT_RADIUS + 1,
                            point->y + POINT_RADIUS + 1};
    if (overlap(box, &dot)) return false;
  }
  return true;
}

/* To the right, left, above and below, and ever farther away, until there is room. */
static void place_label(struct chart *chart, unsigned index) {
  static const double directions[][2] = {{1, 0},       {-1, 0},      {0.7, -0.7}, {0.7, 0.7},
                                         {-0.7, -0.7}, {-0.7, 0.7}, {0, -1},     {0, 1}};
  struct point *point = &chart->points[index];
  double width = LETTER_WIDTH * view_width(lab_name(chart->lab, point->row));
  for (double distance = 10; distance < 400; distance += 8) {
    for (unsigned i = 0; i < sizeof directions / sizeof directions[0]; i++) {
      double x = point->x + directions[i][0] * distance, y = point->y + directions[i][1] * distance;
      double left = directions[i][0] > 0 ? x : directions[i][0] < 0 ? x - width : x - width / 2;
      struct box box = {left, y - LABEL_HEIGHT / 2.0, left + width, y + LABEL_HEIGHT / 2.0};
      point->label = box;
      if (is_free(chart, &box, index)) return;
    }
  }
}

/* A line to names that stand apart from their point. */
static void lead(const struct chart *chart, const struct point *point) {
  const struct box *box = &point->label;
  double x = point->x < box->left ? box->left - 2 : point->x > box->right ? box->right + 2 : point->x;
  double y = point->y < box->top ? box->top : point->y > box->bottom ? box->bottom : point->y;
  if (hypot(x - point->x, y - point->y) > 16) line(chart->out, "leader", point->x, point->y, x, y);
}

/* ---------------------------------------------------------------- points --------------------------------------- */

static int by_x(const void *a, const void *b) {
  const struct point *left = a, *right = b;
  if (left->x != right->x) return left->x > right->x ? 1 : -1;
  return (left->y < right->y) - (left->y > right->y);
}

/* Steps, since between two policies of the frontier there is nothing to be had. */
static void draw_frontier(const struct chart *chart) {
  const struct point *last = NULL;
  for (unsigned i = 0; i < chart->count; i++) {
    const struct point *point = &chart->points[i];
    if (!point->on_frontier) continue;
    double from_y = last ? last->y : BOTTOM;
    if (last) line(chart->out, "frontier", last->x, from_y, point->x, from_y);
    line(chart->out, "frontier", point->x, from_y, point->x, point->y);
    last = point;
  }
  if (last) line(chart->out, "frontier", last->x, last->y, RIGHT, last->y);
}

static void draw_point(const struct chart *chart, const struct point *point) {
  const struct view_lab_row *row = &chart->lab->rows[point->row];
  char work[VIEW_NUMBER_BYTES], p99[VIEW_NUMBER_BYTES];
  fprintf(chart->out, "<circle class=\"%s\"", point->on_frontier ? "best" : "other");
  coordinate(chart->out, "cx", point->x);
  coordinate(chart->out, "cy", point->y);
  fprintf(chart->out, " r=\"%d\"><title>", POINT_RADIUS);
  text_escaped(chart->out, lab_name(chart->lab, point->row));
  fprintf(chart->out, ": %s per second, p99 %s</title></circle>\n",
          view_fixed(work, lab_value(row, &chart->work)->median, 2),
          view_time(p99, llround(lab_value(row, &chart->p99)->median)));
  text(chart->out, point->on_frontier ? "label best" : "label", point->label.left, point->label.bottom - 3,
       lab_name(chart->lab, point->row));
}

static void draw_points(struct chart *chart) {
  qsort(chart->points, chart->count, sizeof chart->points[0], by_x);
  for (unsigned i = 0; i < chart->count; i++) place_label(chart, i);
  for (unsigned i = 0; i < chart->count; i++) {
    const struct point *point = &chart->points[i];
    line(chart->out, "spread", point->x_min, point->y, point->x_max, point->y);
    line(chart->out, "spread", point->x, point->y_min, point->x, point->y_max);
    lead(chart, point);
  }
  draw_frontier(chart);
  for (unsigned i = 0; i < chart->count; i++) draw_point(chart, &chart->points[i]);
}

/* A policy under which no operation came to its end has no place in the drawing, which is to be said. */
static void name_the_rest(const struct chart *chart) {
  char words[400] = "";
  int used = 0;
  for (unsigned i = 0; i < chart->lab->count && (size_t)used < sizeof words; i++) {
    const struct view_lab_row *row = &chart->lab->rows[i];
    if (lab_value(row, &chart->p99) && lab_value(row, &chart->work)) continue;
    used += snprintf(words + used, sizeof words - (size_t)used, "%s%.100s", used ? ", " : "without a p99, not drawn: ",
                     lab_name(chart->lab, i));
  }
  if (used > 0) text(chart->out, "name", 14, HEIGHT - 12, words);
}

/* ---------------------------------------------------------------- the whole ------------------------------------ */

static const char style[] =
    "<style>\n"
    "text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #333; }\n"
    ".title { font-size: 17px; font-weight: 600; }\n"
    ".name { fill: #555; }\n"
    ".tick { fill: #777; font-size: 11px; }\n"
    ".middle { text-anchor: middle; } .end { text-anchor: end; }\n"
    ".grid { stroke: #eee; } .axis { stroke: #999; }\n"
    ".spread { stroke: #ddd; } .leader { stroke: #ccc; stroke-dasharray: 2 2; }\n"
    ".frontier { stroke: #1f6feb; stroke-width: 1.5; stroke-opacity: 0.45; }\n"
    ".label { paint-order: stroke; stroke: #fff; stroke-width: 3px; stroke-linejoin: round; }\n"
    "circle.other { fill: #8a8f98; } circle.best { fill: #1f6feb; }\n"
    "text.best { fill: #0b4fb3; font-weight: 600; }\n"
    "</style>\n";

static void draw(struct chart *chart) {
  char title[512];
  const struct view_lab *lab = chart->lab;
  fputs("<svg xmlns=\"http://www.w3.org/2000/svg\"", chart->out);
  fprintf(chart->out, " viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n%s", WIDTH, HEIGHT, WIDTH, HEIGHT, style);
  fprintf(chart->out, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, HEIGHT);
  snprintf(title, sizeof title, "%.200s: throughput against latency, by policy", lab->script);
  text(chart->out, "title", 14, 28, title);
  snprintf(title, sizeof title,
           "%u cop%s as %s on %u CPU%s, median of %u run%s; the blue line is the frontier: no policy beats those on "
           "it in both",
           lab->copies, lab->copies == 1 ? "y" : "ies", lab->mode, lab->cpus, lab->cpus == 1 ? "" : "s", lab->runs,
           lab->runs == 1 ? "" : "s");
  text(chart->out, "name", 14, 48, title);
  x_axis(chart);
  y_axis(chart);
  draw_points(chart);
  name_the_rest(chart);
  if (chart->count == 0) text(chart->out, "name middle", WIDTH / 2.0, HEIGHT / 2.0, "no run has both figures");
  fputs("</svg>\n", chart->out);
}

int view_lab_svg(FILE *out, const struct view_lab *lab) {
  struct chart chart = {.lab = lab, .work = {.figure = VIEW_LAB_WORK}, .p99 = lab_p99(lab), .out = out};
  chart.points = calloc(lab->count + 1, sizeof chart.points[0]);
  if (!chart.points) return -1;
  find_scales(&chart);
  find_points(&chart);
  draw(&chart);
  free(chart.points);
  return view_written(out);
}

/* The text that `write` makes, escaped, within <pre>. */
static int preformatted(FILE *out, const struct view_lab *lab) {
  char *words = NULL;
  size_t bytes;
  FILE *memory = open_memstream(&words, &bytes);
  if (!memory) return -1;
  int rc = view_lab_table(memory, lab, 160, false);
  if (rc == 0) fputc('\n', memory);
  if (rc == 0) rc = view_lab_verdict(memory, lab);
  if (fclose(memory) != 0) rc = -1;
  fputs("<pre>\n", out);
  for (const char *at = words; rc == 0 && *at; at++) {
    if (*at == '<')
      fputs("&lt;", out);
    else if (*at == '&')
      fputs("&amp;", out);
    else
      fputc(*at, out);
  }
  fputs("</pre>\n", out);
  free(words);
  return rc;
}

int view_lab_html(FILE *out, const struct view_lab *lab) {
  fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", out);
  text_escaped(out, lab->script);
  fputs(" under the policies of gilvm</title>\n<style>body { margin: 2em auto; max-width: 62em; } "
        "svg { max-width: 100%; height: auto; } pre { overflow-x: auto; }</style></head><body>\n",
        out);
  int rc = view_lab_svg(out, lab);
  if (rc == 0) rc = preformatted(out, lab);
  fputs("</body></html>\n", out);
  return rc == 0 ? view_written(out) : -1;
}
