/* The generalised exclusive or. n step units cut the input into regions, each with a code of n bits. One output unit says u·code > θ: which labels, 0 or
   1, of the regions can it give? Of two units and four regions 14 of 16 labellings: not exclusive or and its opposite. The more units, the
   fewer: of the 2ⁿ codes 4, 14, 104, 1882 labellings for n = 1 … 4, of 4, 16, 256, 65536 (threshold functions). The chessboard, where
   neighbours across each hyperplane have different labels, is the parity of the code and never among them for n ≥ 2. A second
   layer of n units does it: unit j asks whether at least j bits are 1, and the output adds these with the signs + - + -.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3; Winder: Threshold logic, 1962. */
#include "../study.h"

#include <string.h>

#include "arrangement.h"

enum { MAX_N = 4, MOST = 3, SIDE = 2 * MOST + 1 };

/* The codes that occur in d dimensions. */
static bool find_codes(const struct study_run *run, int n, int d, bool *occurs)
{
    static double point[MAX_CORNER_POINTS][MAX_DIMENSION];
    struct arrangement planes;
    const bool good = draw_arrangement(&planes, n, d, run->seed, false);
    const int n_points = good ? corner_points(&planes, point) : -1;
    return n_points > 0 && count_codes(&planes, point, n_points, occurs) > 0;
}

/* u·code over the bits of a code. The weights are the digits of number, -3 … 3; such integers give all threshold functions of up to 4
   bits. Control: a fifth weight is for the product of the first two bits. */
static int weigh(const struct study_run *run, unsigned number, unsigned code)
{
    const unsigned bits = code | (run->control && (code & 3) == 3 ? 1u << MAX_N : 0);
    int sum = 0;
    for (int i = 0; i <= MAX_N; i++, number /= SIDE)
        sum += bits >> i & 1 ? (int)(number % SIDE) - MOST : 0;
    return sum;
}

/* How many labellings of the codes that occur one output unit can give. chessboard: one of them is the parity of the code. */
static int count_labellings(const struct study_run *run, int n, const bool *occurs, bool *chessboard)
{
    static bool seen[1 << 16];
    unsigned weights = 1, parity = 0;
    int count = 0;
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < (run->control ? MAX_N + 1 : n); i++)
        weights *= SIDE;
    for (unsigned code = 0; code < 1u << n; code++)
        parity |= (unsigned)(occurs[code] && __builtin_popcount(code) % 2) << code;
    for (unsigned number = 0; number < weights; number++)
        for (int threshold = -5 * MOST - 1; threshold <= 5 * MOST; threshold++) {
            unsigned labels = 0;
            for (unsigned code = 0; code < 1u << n; code++)
                labels |= (unsigned)(occurs[code] && weigh(run, number, code) > threshold) << code;
            count += !seen[labels];
            seen[labels] = true;
        }
    *chessboard = seen[parity];
    return count;
}

/* Parity by a second layer of n step units. */
static bool second_layer_works(int n)
{
    bool good = true;
    for (unsigned code = 0; code < 1u << n; code++) {
        int sum = 0;
        for (int j = 1; j <= n; j++)
            sum += (__builtin_popcount(code) >= j) * (j % 2 ? 1 : -1);
        good = good && sum == __builtin_popcount(code) % 2;
    }
    return good;
}

/* The plane with its chessboard, for the picture. */
static bool write_board(struct study_run *run)
{
    enum { GRID = 80 };
    struct arrangement lines;
    bool good = draw_arrangement(&lines, MAX_N, 2, run->seed, false) && study_table(run, "board", "x1,x2,label");
    for (int i = 0; i < GRID * GRID && good; i++) {
        const double x[] = {-3 + (i % GRID + 0.5) * 6 / GRID, -3 + (i / GRID + 0.5) * 6 / GRID};
        good = study_row(run, "%g,%g,%d", x[0], x[1], __builtin_popcount(code_of(&lines, x)) % 2);
    }
    return good;
}

static bool run(struct study_run *run, const void *options)
{
    (void)options;
    static const int known[] = {4, 14, 104, 1882};
    int all[MAX_N] = {0}, plane = 0, regions = 0;
    bool good = study_row(run, "d,n,regions,labellings"), right = true, works = true;
    for (int n = 1; n <= MAX_N && good; n++) {
        bool occurs[1 << MAX_PLANES], chessboard = false;
        good = find_codes(run, n, n, occurs);
        all[n - 1] = count_labellings(run, n, occurs, &chessboard);
        right = right && all[n - 1] == known[n - 1] && chessboard == (n == 1);
        good = good && study_row(run, "%d,%d,%d,%d", n, n, 1 << n, all[n - 1]) && find_codes(run, n, n < 2 ? n : 2, occurs);
        plane = count_labellings(run, n, occurs, &chessboard);
        regions = 1 + n + n * (n - 1) / 2;
        right = right && chessboard == (n == 1);
        good = good && study_row(run, "2,%d,%d,%d", n, regions, plane);
        works = works && second_layer_works(n);
    }
    study_claim(run, plane < 1 << regions,
                "4 lines in the plane: one output unit gives %d of the %d labellings of their %d regions", plane, 1 << regions,
                regions);
    study_claim(run, works, "a second layer of n step units makes the chessboard, for n = 1 … 4");
    study_decide(
        run, right,
        "one output unit over n step units gives %d, %d, %d, %d of the 4, 16, 256, 65536 labellings of 2ⁿ regions, n = 1 … 4 (expected 4, 14, 104, 1882); for "
        "n ≥ 2 the chessboard (n = 2: exclusive or) is none of them",
        all[0], all[1], all[2], all[3]);
    return good && write_board(run);
}

const struct study study_generalised_xor = {
    .name = "generalised_xor", .control = "the product of the first two bits as a further input of the output unit", .run = run};
