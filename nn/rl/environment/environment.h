/* What the environments share. */
#ifndef NN_RL_ENVIRONMENT_H
#define NN_RL_ENVIRONMENT_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"
#include "wengert/rl/environments.h"

#define PI 3.141592653589793116

/* As NumPy's clip: NaN stays NaN. */
static inline double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* x % y of Python for y > 0: the remainder has the sign of y. */
static inline double modulo(double x, double y)
{
    const double r = fmod(x, y);
    return r < 0 ? r + y : r == 0 ? 0 : r;
}

/* x ** 2 of Python and of NumPy's scalars, the C library's pow, which is not x * x in every last bit. Compilers replace pow(x, 2) by x * x;
   they cannot where they do not see that the exponent is 2. */
static inline double square_by_pow(double x)
{
    static const volatile double two = 2;
    return pow(x, two);
}

/* The environment, with a time limit unless that is 0. The functions read the options, which are copied. name: for messages. */
wg_rl_env *environment_of(wg_rl_dynamics dynamics, const void *options, size_t size, int64_t limit);

/* Errors of options: "rl_NAME: expected .OPTION …". */
bool environment_option_is_finite(const char *name, const char *option, double value);
bool environment_option_is_positive(const char *name, const char *option, double value);

#endif
