/* Every entry of init.def that draws elements independently of one another, against its law: mean, variance, fourth moment, bounds and the
   distribution function, by the test of Kolmogorov and Smirnov. tests/nn/init_rules.c has the others. */
#include <math.h>
#include <stdlib.h>

#include "nn_check.h"

enum { OUT = 150, IN = 20, WINDOW = 4, N = OUT * IN * WINDOW * WINDOW }; /* fan_in 320, fan_out 2400 */
#define FAN_IN ((double)(IN * WINDOW * WINDOW))
#define FAN_OUT ((double)(OUT * WINDOW * WINDOW))

/* ---- laws: a distribution function, and the moments about the mean ---- */

struct law {
    double (*below)(const struct law *law, double x); /* the probability of values up to x */
    double mean, variance, kurtosis, low, high;       /* kurtosis: fourth moment over squared variance; bounds may be infinite */
    double a, b;
};

static double below_uniform(const struct law *law, double x)
{
    return x <= law->low ? 0 : x >= law->high ? 1 : (x - law->low) / (law->high - law->low);
}

static struct law uniform(double low, double high)
{
    return (struct law){below_uniform, (low + high) / 2, (high - low) * (high - low) / 12, 1.8, low, high, 0, 0};
}

static struct law uniform_of(double variance)
{
    return uniform(-sqrt(3 * variance), sqrt(3 * variance));
}

static double below_normal(const struct law *law, double x)
{
    return erfc((law->mean - x) / sqrt(2 * law->variance)) / 2;
}

static struct law normal(double mean, double variance)
{
    return (struct law){below_normal, mean, variance, 3, -(double)INFINITY, (double)INFINITY, 0, 0};
}

/* a, b: mean and deviation before elements are truncated. Above the mean the upper tails are compared, which do not cancel. */
static double below_truncated(const struct law *law, double x)
{
    const double s = law->b * sqrt(2), low = (law->low - law->a) / s, high = (law->high - law->a) / s, at = (x - law->a) / s;
    if (low > 0)
        return (erfc(low) - erfc(at)) / (erfc(low) - erfc(high));
    return (erfc(-at) - erfc(-low)) / (erfc(-high) - erfc(-low));
}

/* The moments by integrating the distribution function: E f(x) = f(high) - ∫ f'(x) F(x) dx. */
static struct law truncated(double mean, double deviation, double low, double high)
{
    struct law law = {below_truncated, 0, 0, 0, low, high, mean, deviation};
    enum { STEPS = 200000 };
    const double h = (high - low) / STEPS;
    law.mean = high;
    for (int i = 0; i < STEPS; i++)
        law.mean -= below_truncated(&law, low + (i + 0.5) * h) * h;
    const double top = high - law.mean;
    double second = top * top, fourth = second * second;
    for (int i = 0; i < STEPS; i++) {
        const double x = low + (i + 0.5) * h - law.mean, below = below_truncated(&law, low + (i + 0.5) * h) * h;
        second -= 2 * x * below;
        fourth -= 4 * x * x * x * below;
    }
    law.variance = second;
    law.kurtosis = fourth / (second * second);
    return law;
}

/* ---- the rules ---- */

/* Fills w, and says by which law. */
#define DRAWS(name, law_, call)                        \
    static struct law name(wg_tensor *w, wg_tensor *g) \
    {                                                  \
        assert_int_equal(call, WG_OK);                 \
        return law_;                                   \
    }

DRAWS(linear, uniform(-1 / sqrt(FAN_IN), 1 / sqrt(FAN_IN)), wg_init_linear(w, g))
DRAWS(kaiming_uniform, uniform_of(2 / FAN_IN), wg_init_kaiming_uniform(w, g))
DRAWS(kaiming_uniform_out, uniform_of(9 / FAN_OUT), wg_init_kaiming_uniform(w, g, .fan = WG_FAN_OUT, .gain = 3))
DRAWS(kaiming_normal, normal(0, 2 / FAN_IN), wg_init_kaiming_normal(w, g))
DRAWS(kaiming_normal_out, normal(0, 1 / FAN_OUT), wg_init_kaiming_normal(w, g, .fan = WG_FAN_OUT, .gain = 1))
DRAWS(xavier_uniform, uniform_of(2 / (FAN_IN + FAN_OUT)), wg_init_xavier_uniform(w, g))
DRAWS(xavier_uniform_gain, uniform_of(50.0 / 9 / (FAN_IN + FAN_OUT)), wg_init_xavier_uniform(w, g, .gain = 5.0 / 3))
DRAWS(xavier_normal, normal(0, 2 / (FAN_IN + FAN_OUT)), wg_init_xavier_normal(w, g))
DRAWS(lecun_uniform, uniform_of(1 / FAN_IN), wg_init_lecun_uniform(w, g))
DRAWS(lecun_uniform_out, uniform_of(1 / FAN_OUT), wg_init_lecun_uniform(w, g, .fan = WG_FAN_OUT))
DRAWS(lecun_normal, normal(0, 1 / FAN_IN), wg_init_lecun_normal(w, g))
DRAWS(lecun_normal_out, normal(0, 1 / FAN_OUT), wg_init_lecun_normal(w, g, .fan = WG_FAN_OUT))
DRAWS(defazio_bottou, normal(0, 2 / sqrt(FAN_IN * FAN_OUT)), wg_init_defazio_bottou(w, g))
DRAWS(defazio_bottou_gain, normal(0, 1 / sqrt(FAN_IN * FAN_OUT)), wg_init_defazio_bottou(w, g, .gain = 1))
DRAWS(truncated_normal, truncated(0, 1, -2, 2), wg_init_truncated_normal(w, g))
DRAWS(truncated_normal_wide, truncated(1, 0.5, -6, 6),
      wg_init_truncated_normal(w, g, .mean = 1, .deviation = 0.5, .low = -6, .high = 6))
DRAWS(truncated_normal_side, truncated(0, 2, 1, 3), wg_init_truncated_normal(w, g, .deviation = 2, .low = 1, .high = 3))
DRAWS(truncated_normal_upper, truncated(0, 1, 6, 8), wg_init_truncated_normal(w, g, .low = 6, .high = 8))
DRAWS(truncated_normal_far, truncated(0, 1, 20, 30), wg_init_truncated_normal(w, g, .low = 20, .high = 30))
DRAWS(truncated_normal_lower, truncated(0, 1, -30, -20), wg_init_truncated_normal(w, g, .low = -30, .high = -20))
DRAWS(uniform_rule, uniform(-2, 3), wg_init_uniform(w, g, -2, 3))
DRAWS(normal_rule, normal(0.5, 9), wg_init_normal(w, g, 0.5, 3))

static const struct draw {
    const char *name;
    wg_init_rule rule;
    struct law (*draw)(wg_tensor *w, wg_tensor *g);
} draws[] = {
    {"linear", WG_INIT_LINEAR, linear},
    {"kaiming_uniform", WG_INIT_KAIMING_UNIFORM, kaiming_uniform},
    {"kaiming_uniform, fan out", WG_INIT_KAIMING_UNIFORM, kaiming_uniform_out},
    {"kaiming_normal", WG_INIT_KAIMING_NORMAL, kaiming_normal},
    {"kaiming_normal, fan out", WG_INIT_KAIMING_NORMAL, kaiming_normal_out},
    {"xavier_uniform", WG_INIT_XAVIER_UNIFORM, xavier_uniform},
    {"xavier_uniform, gain", WG_INIT_XAVIER_UNIFORM, xavier_uniform_gain},
    {"xavier_normal", WG_INIT_XAVIER_NORMAL, xavier_normal},
    {"lecun_uniform", WG_INIT_LECUN_UNIFORM, lecun_uniform},
    {"lecun_uniform, fan out", WG_INIT_LECUN_UNIFORM, lecun_uniform_out},
    {"lecun_normal", WG_INIT_LECUN_NORMAL, lecun_normal},
    {"lecun_normal, fan out", WG_INIT_LECUN_NORMAL, lecun_normal_out},
    {"defazio_bottou", WG_INIT_DEFAZIO_BOTTOU, defazio_bottou},
    {"defazio_bottou, gain", WG_INIT_DEFAZIO_BOTTOU, defazio_bottou_gain},
    {"truncated_normal", WG_INIT_TRUNCATED_NORMAL, truncated_normal},
    {"truncated_normal, far bounds", WG_INIT_TRUNCATED_NORMAL, truncated_normal_wide},
    {"truncated_normal, one side", WG_INIT_TRUNCATED_NORMAL, truncated_normal_side},
    {"truncated_normal, upper tail", WG_INIT_TRUNCATED_NORMAL, truncated_normal_upper},
    {"truncated_normal, far in the upper tail", WG_INIT_TRUNCATED_NORMAL, truncated_normal_far},
    {"truncated_normal, lower tail", WG_INIT_TRUNCATED_NORMAL, truncated_normal_lower},
    {"uniform", WG_INIT_UNIFORM, uniform_rule},
    {"normal", WG_INIT_NORMAL, normal_rule},
};
enum { DRAWS_N = sizeof draws / sizeof *draws };

/* Rules whose elements depend on one another, or are not drawn: init_rules.c has them. */
static const wg_init_rule others[] = {WG_INIT_ORTHOGONAL, WG_INIT_SPARSE, WG_INIT_CONSTANT, WG_INIT_ZEROS,
                                      WG_INIT_ONES,       WG_INIT_EYE,    WG_INIT_DIRAC};

static void every_rule_is_tested(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        wg_init_rule rule;
    } all[] = {
#define WG_INIT_EACH(name, NAME) {#name, WG_INIT_##NAME},
#include "wengert/init.def"
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        bool found = false;
        for (size_t k = 0; k < DRAWS_N; k++)
            found = found || draws[k].rule == all[i].rule;
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            found = found || others[k] == all[i].rule;
        if (!found)
            fail_msg("%s is in no list", all[i].name);
    }
}

/* ---- samples ---- */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The largest distance of the sample's distribution function from the law's. f32 values have ties, which are no steps of the law. */
static double distance(const struct law *law, const double *sorted, int n)
{
    double largest = 0;
    for (int i = 0; i < n; i++) {
        const double below = law->below(law, sorted[i]);
        largest = fmax(largest, fmax(fabs(below - (double)i / n), fabs(below - (double)(i + 1) / n)));
    }
    return largest;
}

/* The widths are more than four standard errors; √n times the distance is above 2 once in 1,500 samples. */
static void check_law(const char *name, const struct law *law, double *x, int n)
{
    double mean = 0, second = 0, fourth = 0;
    for (int i = 0; i < n; i++)
        mean += x[i] / n;
    for (int i = 0; i < n; i++) {
        const double d = (x[i] - law->mean) * (x[i] - law->mean) / law->variance;
        second += d / n;
        fourth += d * d / n;
    }
    if (!(fabs(mean - law->mean) < 4.5 * sqrt(law->variance / n)))
        fail_msg("%s: the mean is %g, not %g", name, mean, law->mean);
    if (!(fabs(second - 1) < 4.5 * sqrt((law->kurtosis - 1) / n)))
        fail_msg("%s: the variance is %g times the law's", name, second);
    if (!(fabs(fourth / law->kurtosis - 1) < (law->kurtosis > 3.5 ? 0.3 : 0.05))) /* tails of an exponential vary more */
        fail_msg("%s: the kurtosis is %g, not %g", name, fourth, law->kurtosis);
    qsort(x, (size_t)n, sizeof *x, by_size);
    if (!(x[0] >= law->low && x[n - 1] <= law->high))
        fail_msg("%s: %g … %g is not in [%g, %g]", name, x[0], x[n - 1], law->low, law->high);
    if (!(sqrt(n) * distance(law, x, n) < 2))
        fail_msg("%s: √n times the distance of the distribution functions is %g", name, sqrt(n) * distance(law, x, n));
}

/* All elements, as doubles. f32 bounds are those of the law, rounded. */
static double *elements(const wg_tensor *w)
{
    const int64_t n = wg_numel(w);
    double *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = wg_dtype_of(w) == WG_F64 ? ((const double *)wg_data(w))[i] : ((const float *)wg_data(w))[i];
    return x;
}

static void elements_follow_their_law(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        wg_tensor *w = wg_zeros(wide ? WG_F64 : WG_F32, WG_SHAPE(OUT, IN, WINDOW, WINDOW)),
                  *g = wg_generator(2 + (uint64_t)wide, 0);
        for (size_t i = 0; i < DRAWS_N; i++) {
            struct law law = draws[i].draw(w, g);
            law.low = wide ? law.low : (double)(float)law.low;
            law.high = wide ? law.high : (double)(float)law.high;
            double *x = elements(w);
            check_law(draws[i].name, &law, x, N);
            free(x);
        }
        wg_free(w), wg_free(g);
    }
    assert_no_error();
}

/* The checks above, on a sample of another law. */
static void a_wrong_law_is_found(void **state)
{
    (void)state;
    wg_tensor *w = wg_zeros(WG_F64, WG_SHAPE(N)), *g = wg_generator(5, 0);
    const struct law law = normal(0, 1);
    assert_int_equal(wg_init_normal(w, g, 0, 1.02), WG_OK);
    double *x = elements(w), mean = 0;
    for (int i = 0; i < N; i++)
        mean += x[i] * x[i] / N;
    assert_true(fabs(mean - 1) > 4.5 * sqrt(2.0 / N)); /* 2 % in the deviation */
    free(x);
    assert_int_equal(wg_init_uniform(w, g, -sqrt(3), sqrt(3)), WG_OK);
    x = elements(w);
    qsort(x, N, sizeof *x, by_size);
    assert_true(sqrt(N) * distance(&law, x, N) > 10);
    free(x), wg_free(w), wg_free(g);
}

/* ---- one seed, one result ---- */

static void the_seed_makes_the_elements(void **state)
{
    (void)state;
    const int threads = wg_threads();
    for (size_t i = 0; i < DRAWS_N; i++) {
        wg_tensor *w[3];
        for (int k = 0; k < 3; k++) { /* the second with one thread, the third from another stream */
            wg_tensor *g = wg_generator(9, k == 2);
            w[k] = wg_zeros(WG_F32, WG_SHAPE(OUT, IN, WINDOW, WINDOW));
            assert_int_equal(wg_set_threads(k == 1 ? 1 : 2), WG_OK);
            (void)draws[i].draw(w[k], g);
            wg_free(g);
        }
        assert_same_bits(w[0], w[1]);
        assert_memory_not_equal(wg_data(w[0]), wg_data(w[2]), N * sizeof(float));
        wg_free(w[0]), wg_free(w[1]), wg_free(w[2]);
    }
    assert_int_equal(wg_set_threads(threads), WG_OK);
    assert_no_error();
}

/* ---- errata of the lectures: what the variance of a sum and of what passes a relu is ---- */

/* The mean of relu of N(0, s²) is s/√(2π), 0.399 s, and its second moment s²/2. */
static void erratum_4_the_mean_of_relu(void **state)
{
    (void)state;
    const double s = 3;
    wg_tensor *z = wg_zeros(WG_F64, WG_SHAPE(400000)), *g = wg_generator(4, 0);
    assert_int_equal(wg_init_normal(z, g, 0, s), WG_OK);
    WG_TAPE(tape);
    wg_tensor *y = wg_relu(z);
    assert_close(wg_item(wg_mean(y)) / s, 0.39894228, 0.005);
    assert_close(wg_item(wg_mean(wg_square(y))) / (s * s), 0.5, 0.005);
    wg_free(z), wg_free(g);
}

/* Var Σ w_i x_i = Σ w_i² for independent x_i of variance 1, not its root. So rows of N(1/fan_in) keep the variance of what they are given,
   and those of N(2/fan_in) that of relu's. */
static void erratum_5_the_variance_of_a_sum(void **state)
{
    (void)state;
    enum { ROWS = 4000, FEATURES = 300 };
    wg_tensor *x = wg_zeros(WG_F64, WG_SHAPE(ROWS, FEATURES)), *g = wg_generator(6, 0),
              *w = wg_zeros(WG_F64, WG_SHAPE(100, FEATURES));
    assert_int_equal(wg_init_normal(x, g, 0, 1), WG_OK);
    WG_TAPE(tape);
    wg_tensor *some = wg_from(((const double[]){3, 4}), WG_SHAPE(1, 2));
    wg_tensor *y = wg_linear(wg_slice(x, 1, 0, 2, 1), some, WG_NONE);
    assert_close(wg_item(wg_var(y)) / 25, 1, 0.1); /* not 5 */
    assert_int_equal(wg_init_lecun_normal(w, g), WG_OK);
    assert_close(wg_item(wg_mean(wg_square(wg_linear(x, w, WG_NONE)))), 1, 0.05);
    assert_int_equal(wg_init_kaiming_normal(w, g), WG_OK);
    assert_close(wg_item(wg_mean(wg_square(wg_relu(wg_linear(x, w, WG_NONE))))), 1, 0.05);
    wg_free(x), wg_free(w), wg_free(g);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_rule_is_tested),        TEST(elements_follow_their_law),  TEST(a_wrong_law_is_found),
        TEST(the_seed_makes_the_elements), TEST(erratum_4_the_mean_of_relu), TEST(erratum_5_the_variance_of_a_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
