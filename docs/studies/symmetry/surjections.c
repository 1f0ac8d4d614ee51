/* Counting permutation saddles. n hidden units that all differ have n! orders, so a minimum has n! copies. Where two units become equal there are
   n - 1 different weight vectors for n units: a map of the n units onto n - 1 vectors, each of which some unit has. There are as many such
   points as surjections:
     of order 1, onto n - 1 vectors: (n!/2!)(n - 1);
     of order 2, onto n - 2 vectors: (n!/3!) C(n - 2, 1) + (n!/(2! 2!)) C(n - 2, 2), for three units equal, or two pairs.
   With K pairs: n! 2⁻ᴷ C(n - K, K), that is 2⁻ᴷ C(n - K, K) for each minimum; in a network of m layers, if the pairs are all in one of
   them, m 2⁻ᴷ C(n - K, K) n!ᵐ.

   Source: W. Gerstner, Artificial Neural Networks (EPFL), Deep Networks 3, whose text has n(n - 1)/2 where C(n - 2, 2) = (n - 2)(n - 3)/2
   stands in the formula. */
#include "../study.h"

#include <math.h>

enum { MAX_N = 10 };

/* The number of ways to give `left` further units one of `vectors` vectors each, such that in the end each vector has from 1 to `most` units. load:
   the units that each has; unused: vectors that have none. It counts one by one. */
static int64_t enumerate(int left, int vectors, int most, int *load, int unused)
{
    int64_t sum = 0;
    if (unused > left)
        return 0;
    if (left == 0)
        return 1;
    for (int v = 0; v < vectors; v++)
        if (load[v] < most) {
            const bool first = load[v]++ == 0;
            sum += enumerate(left - 1, vectors, most, load, unused - first);
            load[v]--;
        }
    return sum;
}

static int64_t onto(int n, int vectors, int most)
{
    int load[MAX_N] = {0};
    return enumerate(n, vectors, most, load, vectors);
}

static int64_t factorial(int n)
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

static int64_t choose(int n, int k)
{
    return k < 0 || k > n ? 0 : factorial(n) / factorial(k) / factorial(n - k);
}

/* The saddles of order 1 and 2 for n = 3 … 8; false: a formula does not give what was counted. */
static bool count_orders(struct study_run *run, bool *equal)
{
    bool good = study_row(run, "n,minima,order1,order2");
    for (int n = 3; n <= 8; n++) {
        const int64_t one = onto(n, n - 1, n), two = onto(n, n - 2, n), f = factorial(n);
        const int64_t pairs = run->control ? n * (n - 1) / 2 : choose(n - 2, 2);
        *equal = *equal && onto(n, n, n) == f && one == f / 2 * (n - 1) && two == f / 6 * (n - 2) + f / 4 * pairs;
        good = good && study_row(run, "%d,%lld,%lld,%lld", n, (long long)f, (long long)one, (long long)two);
    }
    return good;
}

/* Saddles with K pairs for each minimum, n = 3 … 10, K < n/2; counted where there are at most 4 million, else by the formula. */
static bool count_pairs(struct study_run *run, bool *equal)
{
    bool good = study_table(run, "pairs", "n,K,ratio,counted");
    for (int K = 1; 2 * K < MAX_N; K++)
        for (int n = 2 * K + 1; n <= MAX_N && good; n++) {
            const double ratio = ldexp((double)choose(n - K, K), -K);
            const bool small = ratio * (double)factorial(n) < 4e6;
            if (small)
                *equal = *equal && fabs((double)onto(n, n - K, 2) / (double)factorial(n) - ratio) < 1e-12;
            good = study_row(run, "%d,%d,%g,%d", n, K, ratio, small);
        }
    return good;
}

/* Control: the formula of order 2 with the misprint of the text. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    bool orders = true, pairs = true;
    const bool good = count_orders(run, &orders) && count_pairs(run, &pairs);
    study_near(run, "n = 6: minima", (double)onto(6, 6, 6), 720, 0);
    study_claim(run, pairs, "saddles with K pairs of equal units for each minimum are 2⁻ᴷ C(n - K, K), wherever they were counted");
    study_near(run, "n = 10: saddles with 4 pairs for each minimum, fewer than 1", (double)onto(10, 6, 2) / (double)factorial(10),
               0.9375, 0);
    study_near(run, "n = 4, m = 2 layers, one of which has one pair: saddles", 2. * (double)(onto(4, 3, 2) * onto(4, 4, 4)),
               2 * 0.5 * 3 * pow(24, 2), 0);
    study_decide(
        run, orders,
        "maps of n units onto n - 1 and n - 2 weight vectors, counted one by one for n = 3 … 8, are %s (n!/2!)(n - 1) and (n!/3!)(n - 2) + "
        "(n!/4)(n - 2)(n - 3)/2: saddles of order 1 and 2; for n = 8 they are %lld and %lld",
        orders ? "exactly" : "not", (long long)onto(8, 7, 8), (long long)onto(8, 6, 8));
    return good;
}

const struct study study_surjections = {.name = "surjections", .control = "n(n - 1)/2 instead of (n - 2)(n - 3)/2", .run = run};
