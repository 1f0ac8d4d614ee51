/* Two misprints in the count of saddles that permutations of hidden neurons make (W. Gerstner, Artificial Neural Networks, EPFL, Deep Nets
   3). A minimum of n neurons has n! copies. Where K of the n neurons coincide with others, the network has n - K different neurons; the
   labelled ways to assign n neurons to them, each taken at least once, are the surjections of n onto n - K.

   Order 2 (K = 2): (n!/3!) C(n-2, 1) + (n!/(2!2!)) C(n-2, 2), which the slide prints rightly. Its text reads C(n-2, 2) as n(n-1)/2; it is
   (n-2)(n-3)/2. It also has 6! = 240, where 6! = 720.

   K disjoint pairs: n! 2^-K C(n-K, K) ways. The slide says that there are more of these saddles than minima. The factor 2^-K C(n-K, K)
   exceeds 1 for small K, but not for all K < n/2: at n = 10, K = 4 it is 15/16. */
#include "../study.h"

#include <math.h>

enum { MAX_N = 8 };

static double choose(int n, int k)
{
    return k < 0 || k > n ? 0 : round(exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)));
}

static double factorial(int n)
{
    return round(tgamma(n + 1));
}

/* How many of the maps of n neurons into n - K places, gone through one by one, take each place; *pairs: and take none three times. */
static double count_by_hand(int n, int K, double *pairs)
{
    const int places = n - K;
    long maps = 1;
    double onto = 0;
    *pairs = 0;
    for (int i = 0; i < n; i++)
        maps *= places;
    for (long map = 0; map < maps; map++) {
        int taken[MAX_N] = {0}, least = n, most = 0;
        long rest = map;
        for (int i = 0; i < n; i++, rest /= places)
            taken[rest % places]++;
        for (int i = 0; i < places; i++) {
            least = taken[i] < least ? taken[i] : least;
            most = taken[i] > most ? taken[i] : most;
        }
        onto += least > 0;
        *pairs += least > 0 && most <= 2;
    }
    return onto;
}

/* The formula of order 2; by_text: with n(n-1)/2, as the text has it, in the place of (n-2)(n-3)/2. */
static double order_two(int n, bool by_text)
{
    return factorial(n) / 6 * (n - 2) + factorial(n) / 4 * (by_text ? n * (n - 1) / 2.0 : (n - 2) * (n - 3) / 2.0);
}

/* Control: the text's n(n-1)/2. */
static bool run(struct study_run *run, const void *options)
{
    (void)options;
    double off = 0, off_text = 0, off_pairs = 0;
    bool good = study_row(run, "n,counted,formula,text");
    for (int n = 3; n <= MAX_N && good; n++) {
        double pairs;
        const double counted = count_by_hand(n, 2, &pairs);
        off = fmax(off, fabs(order_two(n, run->control) - counted));
        off_text = fmax(off_text, fabs(order_two(n, true) / counted - 1));
        off_pairs = fmax(off_pairs, fabs(factorial(n) / 4 * choose(n - 2, 2) - pairs));
        good = study_row(run, "%d,%g,%g,%g", n, counted, order_two(n, false), order_two(n, true));
    }
    study_claim(run, factorial(6) == 720, "E6: 6! is %g; printed: 240", factorial(6));
    study_claim(run, off_text > 1, "E6, printed: with n(n-1)/2 the count of order 2 is off by a factor of up to %.1f",
                off_text + 1);
    study_claim(run, off_pairs == 0, "n! 2^-K C(n-K, K) is the counted number of K = 2 disjoint pairs, n up to %d", MAX_N);
    good = good && study_table(run, "pairs", "n,K,factor");
    for (int n = 6; n <= 14 && good; n += 4)
        for (int K = 0; 2 * K < n && good; K++)
            good = study_row(run, "%d,%d,%.9g", n, K, pow(2, -K) * choose(n - K, K));
    study_near(run, "E12: saddles of K = 4 pairs for each minimum at n = 10, where \"more\" is printed", choose(6, 4) / 16, 0.9375,
               1e-12);
    study_decide(run, off == 0,
                 "saddles of order 2 by the stated formula less those counted one by one, n = 3 to %d: at most %g; 0 expected",
                 MAX_N, off);
    return good;
}

const struct study study_errata_counting = {
    .name = "errata_counting", .control = "n(n-1)/2 for C(n-2, 2), as the text has it,", .run = run};
