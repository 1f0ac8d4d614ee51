/* Classical test functions of unconstrained minimization, written in ops. Those of Moré, Garbow and Hillstrom (1981, "MGH") are Σ r² of
   residuals r; functions_scipy.py has the same functions in PyTorch, and computes their minima. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include <math.h>
#include <wengert.h>

typedef wg_tensor *T;

/* ---- expressions ---- */

static inline T at(T x, int i)
{
    return wg_slice(x, 0, i, i + 1, 1);
}

static inline T constants(const double *v, int n)
{
    return wg_from(v, WG_SHAPE(n));
}
#define CONSTANTS(...) constants((const double[]){__VA_ARGS__}, (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

/* first, first + step, …, n of them. */
static inline T sequence(double first, double step, int n)
{
    double v[100];
    for (int i = 0; i < n; i++)
        v[i] = first + step * i;
    return constants(v, n);
}

static inline T plus(T a, T b)
{
    return wg_add(a, b);
}

static inline T minus(T a, T b)
{
    return wg_sub(a, b);
}

static inline T times(T a, T b)
{
    return wg_mul(a, b);
}

static inline T scaled(double k, T x)
{
    return wg_mul_scalar(x, k);
}

static inline T shifted(T x, double k)
{
    return wg_add_scalar(x, k);
}

static inline T square(T x)
{
    return wg_square(x);
}
#define JOINED(...) wg_concat((T[]){__VA_ARGS__}, sizeof((T[]){__VA_ARGS__}) / sizeof(T), 0)

/* ---- residuals, MGH ---- */

static T rosenbrock(T x)
{
    return JOINED(scaled(10, minus(at(x, 1), square(at(x, 0)))), shifted(scaled(-1, at(x, 0)), 1));
}

static T freudenstein_roth(T x)
{
    T a = at(x, 0), b = at(x, 1);
    T first = times(shifted(times(shifted(scaled(-1, b), 5), b), -2), b);
    T second = times(shifted(times(shifted(b, 1), b), -14), b);
    return JOINED(shifted(plus(a, first), -13), shifted(plus(a, second), -29));
}

static T powell_badly_scaled(T x)
{
    T a = at(x, 0), b = at(x, 1);
    return JOINED(shifted(scaled(1e4, times(a, b)), -1), shifted(plus(wg_exp(wg_neg(a)), wg_exp(wg_neg(b))), -1.0001));
}

static T brown_badly_scaled(T x)
{
    T a = at(x, 0), b = at(x, 1);
    return JOINED(shifted(a, -1e6), shifted(b, -2e-6), shifted(times(a, b), -2));
}

static T beale(T x)
{
    T a = at(x, 0), b = at(x, 1), b2 = square(b), powers = JOINED(b, b2, times(b, b2));
    return minus(CONSTANTS(1.5, 2.25, 2.625), times(a, shifted(scaled(-1, powers), 1)));
}

static T jennrich_sampson(T x)
{
    T i = sequence(1, 1, 10);
    return minus(sequence(4, 2, 10), plus(wg_exp(times(i, at(x, 0))), wg_exp(times(i, at(x, 1)))));
}

static T helical_valley(T x)
{
    T a = at(x, 0), b = at(x, 1), c = at(x, 2);
    T angle = shifted(scaled(0.5 / M_PI, wg_atan(wg_div(b, a))), wg_item(a) < 0 ? 0.5 : 0);
    return JOINED(scaled(10, minus(c, scaled(10, angle))), scaled(10, shifted(wg_sqrt(plus(square(a), square(b))), -1)), c);
}

static T bard(T x)
{
    double v[15], w[15];
    for (int i = 0; i < 15; i++)
        v[i] = 15 - i, w[i] = fmin(i + 1, 15 - i);
    T y = CONSTANTS(.14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34, 2.10, 4.39);
    T below = plus(times(constants(v, 15), at(x, 1)), times(constants(w, 15), at(x, 2)));
    return minus(y, plus(at(x, 0), wg_div(sequence(1, 1, 15), below)));
}

static T gaussian(T x)
{
    T y = CONSTANTS(.0009, .0044, .0175, .0540, .1295, .2420, .3521, .3989, .3521, .2420, .1295, .0540, .0175, .0044, .0009);
    T away = square(minus(sequence(3.5, -0.5, 15), at(x, 2)));
    return minus(times(at(x, 0), wg_exp(scaled(-0.5, times(at(x, 1), away)))), y);
}

static T meyer(T x)
{
    T y = CONSTANTS(34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872);
    return minus(times(at(x, 0), wg_exp(wg_div(at(x, 1), plus(sequence(50, 5, 16), at(x, 2))))), y);
}

static T powell_singular(T x)
{
    T a = at(x, 0), b = at(x, 1), c = at(x, 2), d = at(x, 3);
    return JOINED(plus(a, scaled(10, b)), scaled(sqrt(5), minus(c, d)), square(minus(b, scaled(2, c))),
                  scaled(sqrt(10), square(minus(a, d))));
}

static T wood(T x)
{
    T a = at(x, 0), b = at(x, 1), c = at(x, 2), d = at(x, 3);
    return JOINED(scaled(10, minus(b, square(a))), shifted(wg_neg(a), 1), scaled(sqrt(90), minus(d, square(c))),
                  shifted(wg_neg(c), 1), scaled(sqrt(10), shifted(plus(b, d), -2)), scaled(1 / sqrt(10), minus(b, d)));
}

static T kowalik_osborne(T x)
{
    T y = CONSTANTS(.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246);
    T u = CONSTANTS(4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625), u2 = square(u);
    T above = times(at(x, 0), plus(u2, times(u, at(x, 1)))), below = plus(plus(u2, times(u, at(x, 2))), at(x, 3));
    return minus(y, wg_div(above, below));
}

static T brown_dennis(T x)
{
    T t = sequence(0.2, 0.2, 20);
    T first = minus(plus(at(x, 0), times(t, at(x, 1))), wg_exp(t));
    T second = minus(plus(at(x, 2), times(wg_sin(t), at(x, 3))), wg_cos(t));
    return plus(square(first), square(second));
}

static T osborne1(T x)
{
    T y = CONSTANTS(.844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751, .718, .685, .658, .628, .603, .580, .558,
                    .538, .522, .506, .490, .478, .467, .457, .448, .438, .431, .424, .420, .414, .411, .406);
    T t = sequence(0, -10, 33);
    T fit = plus(at(x, 0), plus(times(at(x, 1), wg_exp(times(t, at(x, 3)))), times(at(x, 2), wg_exp(times(t, at(x, 4))))));
    return minus(y, fit);
}

static T biggs_exp6(T x)
{
    T t = sequence(-0.1, -0.1, 13);
    T y = plus(minus(wg_exp(t), scaled(5, wg_exp(scaled(10, t)))), scaled(3, wg_exp(scaled(4, t))));
    T fit = minus(times(at(x, 2), wg_exp(times(t, at(x, 0)))), times(at(x, 3), wg_exp(times(t, at(x, 1)))));
    return minus(plus(fit, times(at(x, 5), wg_exp(times(t, at(x, 4))))), y);
}

static T watson(T x)
{
    const int n = (int)wg_numel(x);
    T t = sequence(1 / 29.0, 1 / 29.0, 29), power = wg_ones(WG_F64, WG_SHAPE(29)), slope = NULL, value = at(x, 0);
    for (int j = 1; j < n; j++) {
        T term = scaled(j, times(power, at(x, j)));
        slope = slope ? plus(slope, term) : term;
        power = times(power, t);
        value = plus(value, times(power, at(x, j)));
    }
    return JOINED(shifted(minus(slope, square(value)), -1), at(x, 0), shifted(minus(at(x, 1), square(at(x, 0))), -1));
}

static T penalty1(T x)
{
    return JOINED(scaled(sqrt(1e-5), shifted(x, -1)), wg_reshape(shifted(wg_sum(square(x)), -0.25), WG_SHAPE(1)));
}

static T penalty2(T x) /* of 4 parameters */
{
    T e = wg_exp(scaled(0.1, x)), i = sequence(0.1, 0.1, 4);
    T y = plus(wg_exp(wg_slice(i, 0, 1, 4, 1)), wg_exp(wg_slice(i, 0, 0, 3, 1)));
    T middle = minus(plus(wg_slice(e, 0, 1, 4, 1), wg_slice(e, 0, 0, 3, 1)), y),
      last = shifted(wg_slice(e, 0, 1, 4, 1), -exp(-0.1));
    T sum = wg_reshape(shifted(wg_sum(times(CONSTANTS(4, 3, 2, 1), square(x))), -1), WG_SHAPE(1));
    return JOINED(shifted(at(x, 0), -0.2), scaled(sqrt(1e-5), middle), scaled(sqrt(1e-5), last), sum);
}

static T osborne2(T x)
{
    T y = CONSTANTS(1.366, 1.191, 1.112, 1.013, .991, .885, .831, .847, .786, .725, .746, .679, .608, .655, .616, .606, .602, .626,
                    .651, .724, .649, .649, .694, .644, .624, .661, .612, .558, .533, .495, .500, .423, .395, .375, .372, .391,
                    .396, .405, .428, .429, .523, .562, .607, .653, .672, .708, .633, .668, .645, .632, .591, .559, .597, .625,
                    .739, .710, .729, .720, .636, .581, .428, .292, .162, .098, .054);
    T t = sequence(0, 0.1, 65), fit = times(at(x, 0), wg_exp(wg_neg(times(t, at(x, 4)))));
    for (int k = 1; k < 4; k++)
        fit = plus(fit, times(at(x, k), wg_exp(wg_neg(times(square(minus(t, at(x, 7 + k))), at(x, 4 + k))))));
    return minus(y, fit);
}

static T chebyquad(T x)
{
    const int n = (int)wg_numel(x);
    T before = wg_ones(WG_F64, WG_SHAPE(n)), twice = shifted(scaled(4, x), -2), now = scaled(0.5, twice), r[16];
    for (int i = 1; i <= n; i++) {
        r[i - 1] = wg_reshape(shifted(wg_mean(now), i % 2 ? 0 : 1.0 / (i * i - 1)), WG_SHAPE(1));
        T next = minus(times(twice, now), before);
        before = now, now = next;
    }
    return wg_concat(r, (size_t)n, 0);
}

/* ---- others ---- */

static T himmelblau(T x)
{
    T a = at(x, 0), b = at(x, 1);
    return JOINED(shifted(plus(square(a), b), -11), shifted(plus(a, square(b)), -7));
}

static T booth(T x)
{
    T a = at(x, 0), b = at(x, 1);
    return JOINED(shifted(plus(a, scaled(2, b)), -7), shifted(plus(scaled(2, a), b), -5));
}

static T branin(T x)
{
    T a = at(x, 0), b = at(x, 1);
    T first = square(shifted(plus(minus(b, scaled(5.1 / (4 * M_PI * M_PI), square(a))), scaled(5 / M_PI, a)), -6));
    return shifted(plus(first, scaled(10 * (1 - 1 / (8 * M_PI)), wg_cos(a))), 10);
}

static T goldstein_price(T x)
{
    T a = at(x, 0), b = at(x, 1), ab = times(a, b), aa = square(a), bb = square(b);
    T p = plus(plus(scaled(-14, plus(a, b)), scaled(3, plus(aa, bb))), scaled(6, ab));
    T q = plus(plus(plus(scaled(-32, a), scaled(12, aa)), plus(scaled(48, b), scaled(27, bb))), scaled(-36, ab));
    T first = shifted(times(square(shifted(plus(a, b), 1)), shifted(p, 19)), 1);
    T second = shifted(times(square(minus(scaled(2, a), scaled(3, b))), shifted(q, 18)), 30);
    return times(first, second);
}

static T six_hump_camel(T x)
{
    T a2 = square(at(x, 0)), b2 = square(at(x, 1)), a4 = square(a2);
    T first = plus(times(shifted(scaled(-2.1, a2), 4), a2), scaled(1.0 / 3, times(a4, a2)));
    return plus(plus(first, times(at(x, 0), at(x, 1))), times(shifted(scaled(4, b2), -4), b2));
}

static T mccormick(T x)
{
    T a = at(x, 0), b = at(x, 1);
    return shifted(plus(plus(wg_sin(plus(a, b)), square(minus(a, b))), plus(scaled(-1.5, a), scaled(2.5, b))), 1);
}

static T styblinski_tang(T x)
{
    T x2 = square(x);
    return scaled(0.5, wg_sum(plus(minus(square(x2), scaled(16, x2)), scaled(5, x))));
}

static T easom(T x)
{
    return wg_neg(times(wg_prod(wg_cos(x)), wg_exp(wg_neg(wg_sum(square(shifted(x, -M_PI)))))));
}

static T rastrigin(T x)
{
    return wg_sum(shifted(minus(square(x), scaled(10, wg_cos(scaled(2 * M_PI, x)))), 10));
}

static T griewank(T x)
{
    double v[16];
    for (int i = 0; i < (int)wg_numel(x); i++)
        v[i] = 1 / sqrt(i + 1);
    T product = wg_prod(wg_cos(times(x, constants(v, (int)wg_numel(x)))));
    return shifted(minus(scaled(1.0 / 4000, wg_sum(square(x))), product), 1);
}

static T ackley(T x)
{
    T far = wg_exp(scaled(-0.2, wg_sqrt(wg_mean(square(x))))), wave = wg_exp(wg_mean(wg_cos(scaled(2 * M_PI, x))));
    return shifted(minus(scaled(-20, far), wave), 20 + M_E);
}

/* ---- the list ---- */

enum { MAX_N = 11 };

struct function {
    const char *name;
    wg_tensor *(*of)(wg_tensor *x);
    bool residuals; /* f = Σ r² */
    int n;
    double start[MAX_N];
};

static const struct function functions[] = {
    {"rosenbrock", rosenbrock, true, 2, {-1.2, 1}},
    {"freudenstein_roth", freudenstein_roth, true, 2, {0.5, -2}},
    {"powell_badly_scaled", powell_badly_scaled, true, 2, {0, 1}},
    {"brown_badly_scaled", brown_badly_scaled, true, 2, {1, 1}},
    {"beale", beale, true, 2, {1, 1}},
    {"jennrich_sampson", jennrich_sampson, true, 2, {0.3, 0.4}},
    {"helical_valley", helical_valley, true, 3, {-1, 0, 0}},
    {"bard", bard, true, 3, {1, 1, 1}},
    {"gaussian", gaussian, true, 3, {0.4, 1, 0}},
    {"meyer", meyer, true, 3, {0.02, 4000, 250}},
    {"powell_singular", powell_singular, true, 4, {3, -1, 0, 1}},
    {"wood", wood, true, 4, {-3, -1, -3, -1}},
    {"kowalik_osborne", kowalik_osborne, true, 4, {0.25, 0.39, 0.415, 0.39}},
    {"brown_dennis", brown_dennis, true, 4, {25, 5, -5, -1}},
    {"osborne1", osborne1, true, 5, {0.5, 1.5, -1, 0.01, 0.02}},
    {"biggs_exp6", biggs_exp6, true, 6, {1, 2, 1, 1, 1, 1}},
    {"watson6", watson, true, 6, {0}},
    {"watson9", watson, true, 9, {0}},
    {"penalty1", penalty1, true, 4, {1, 2, 3, 4}},
    {"penalty2", penalty2, true, 4, {0.5, 0.5, 0.5, 0.5}},
    {"osborne2", osborne2, true, 11, {1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5}},
    {"chebyquad", chebyquad, true, 8, {1 / 9.0, 2 / 9.0, 3 / 9.0, 4 / 9.0, 5 / 9.0, 6 / 9.0, 7 / 9.0, 8 / 9.0}},
    {"himmelblau", himmelblau, true, 2, {0, 0}},
    {"booth", booth, true, 2, {0, 0}},
    {"branin", branin, false, 2, {2.5, 7.5}},
    {"goldstein_price", goldstein_price, false, 2, {0.5, -0.5}},
    {"six_hump_camel", six_hump_camel, false, 2, {-0.5, 1}},
    {"mccormick", mccormick, false, 2, {0, 0}},
    {"styblinski_tang", styblinski_tang, false, 2, {-1, -1}},
    {"easom", easom, false, 2, {2.5, 2.5}},
    {"rastrigin", rastrigin, false, 2, {0.2, -0.1}},
    {"griewank", griewank, false, 2, {1, 1}},
    {"ackley", ackley, false, 2, {0.3, -0.2}},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

#endif
