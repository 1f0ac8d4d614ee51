/* How many regions do n hyperplanes cut a space of d dimensions into? In general position Σ_{i ≤ d} C(n, i):
     d = 1, points on a line: n + 1;
     d = 2, lines in a plane: 1 + n + n(n - 1)/2, so 1, 2, 4, 7, 11, 16 for n = 0 … 5;
     d = 3, planes in space: 8, 15, 26 for n = 3, 4, 5.
   A unit of a first hidden layer is a hyperplane: where its input is 0. Its layer tells apart as many inputs as there are regions, so few
   of its 2ⁿ codes occur if n > d.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3; Zaslavsky, 1975. */
#include "../study.h"

#include <string.h>

#include "arrangement.h"

enum { MAX_N = 5, SAMPLES = 20000 };

static int formula(int n, int d)
{
    int sum = 0;
    for (int i = 0, choose = 1; i <= d; choose = choose * (n - i) / (i + 1), i++)
        sum += choose;
    return sum;
}

/* The regions of n < d hyperplanes are those of d, seen by the first n alone. */
static int enumerate(const struct study_run *run, int n, int d)
{
    static double point[MAX_CORNER_POINTS][MAX_DIMENSION];
    struct arrangement planes;
    bool seen[1 << MAX_PLANES];
    if (!draw_arrangement(&planes, n < d ? d : n, d, run->seed, run->control))
        return -1;
    const int n_points = corner_points(&planes, point);
    planes.n = n;
    return count_codes(&planes, point, n_points, seen);
}

/* Random points of the cube ±10: how many regions they find of n hyperplanes. */
static int sample(const struct study_run *run, int n, int d)
{
    static double point[SAMPLES][MAX_DIMENSION];
    struct arrangement planes;
    bool seen[1 << MAX_PLANES];
    wg_tensor *generator = wg_generator(run->seed, 1);
    wg_tensor *x = wg_uniform(generator, WG_F64, WG_SHAPE(SAMPLES, MAX_DIMENSION), -10, 10);
    const bool good = x && wg_read(x, *point) == WG_OK && draw_arrangement(&planes, n, d, run->seed, run->control);
    wg_free(x);
    wg_free(generator);
    return good ? count_codes(&planes, point, SAMPLES, seen) : -1;
}

/* The hyperplanes that are drawn, and in the plane a point in the middle of the part of each region that the square shows.
   line: where a list of codes has that of a region too small for its code; -1: it is large enough. */
static bool write_picture(struct study_run *run)
{
    struct arrangement planes;
    bool good = study_table(run, "planes", "d,i,w1,w2,w3,c");
    for (int d = 1; d <= 3 && good; d++) {
        good = draw_arrangement(&planes, d == 3 ? 3 : 4, d, run->seed, run->control);
        for (int i = 0; i < planes.n && good; i++)
            good = study_row(run, "%d,%d,%.6g,%.6g,%.6g,%.6g", d, i, planes.w[i][0], planes.w[i][1], planes.w[i][2], planes.c[i]);
    }
    double sum[16][3] = {{0}};
    int n_small = 0;
    good = good && draw_arrangement(&planes, 4, 2, run->seed, run->control) && study_table(run, "labels", "code,x,y,line");
    for (int i = 0; i < 200 * 200; i++) {
        const double x[] = {-3 + (i % 200 + 0.5) * 0.03, -3 + (i / 200 + 0.5) * 0.03};
        double *at = sum[code_of(&planes, x)];
        at[0] += x[0], at[1] += x[1], at[2]++;
    }
    for (int code = 0; code < 16 && good; code++)
        if (sum[code][2] > 0)
            good = study_row(run, "%d%d%d%d,%.3g,%.3g,%d", code & 1, code >> 1 & 1, code >> 2 & 1, code >> 3,
                             sum[code][0] / sum[code][2], sum[code][1] / sum[code][2],
                             sum[code][2] < 0.03 * 200 * 200 ? n_small++ : -1);
    return good;
}

/* Control: hyperplanes through the origin. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    bool equal = true, within = true, good = study_row(run, "d,n,regions,formula,sampled");
    char text[2][60] = {"", ""};
    for (int d = 1; d <= 3; d++)
        for (int n = 0; n <= MAX_N && good; n++) {
            const int count = enumerate(run, n, d), found = sample(run, n, d);
            equal = equal && count == formula(n, d);
            within = within && found <= count;
            if (d == 2 || (d == 3 && n >= 3))
                sprintf(text[d - 2] + strlen(text[d - 2]), "%s%d", n == (d == 2 ? 0 : 3) ? "" : ", ", count);
            good = count >= 0 && found >= 0 && study_row(run, "%d,%d,%d,%d,%d", d, n, count, formula(n, d), found);
        }
    study_claim(run, within, "%d random points never find a region that the enumeration has not", SAMPLES);
    study_decide(
        run, equal,
        "regions of n random hyperplanes, enumerated by their corners: %s in the plane for n = 0 … 5 (expected 1, 2, 4, 7, 11, 16) and %s in space for "
        "n = 3, 4, 5 (expected 8, 15, 26); n + 1 on the line",
        text[0], text[1]);
    return good && write_picture(run);
}

const struct study study_regions = {.name = "regions", .control = "hyperplanes through the origin", .run = run};
