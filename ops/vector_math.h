/* Functions of one number, for the number type and the instruction set at hand, as kernels call them: R(exp)(x). They are free of
   branches and calls, so that compilers vectorise the loops around them, for any instruction set, and the last elements of a loop take
   the same arithmetic as the others: no bit depends on where work is split. With fused multiplication (FUSED) all instruction sets
   agree bit for bit. Special values are chosen at the end; NaN goes through the arithmetic. The other functions are the math library's.
   Before it is included: REAL, T, BITS (an unsigned integer as wide), WG_DIGITS (of REAL behind the first), R(name) beneath. */

/* a b + c, rounded once where the instruction set can */
WG_INLINE REAL T(mad)(REAL a, REAL b, REAL c)
{
#if FUSED
    return LIBRARY(fma)(a, b, c);
#else
    return a * b + c;
#endif
}

#include "ops/vector_series.h"

#define SIGN_BIT ((BITS)1 << (8 * sizeof(BITS) - 1))
#define MANTISSA (((BITS)1 << WG_DIGITS) - 1)
/* Adding it rounds a number to an integer, which then stands in the low bits; adding the power leaves a positive integer there. */
#define ROUNDER ((REAL)1.5 * (REAL)((BITS)1 << WG_DIGITS))
#define POWER ((REAL)((BITS)1 << WG_DIGITS))

WG_INLINE BITS T(bits)(REAL x)
{
    BITS bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

WG_INLINE REAL T(number)(BITS bits)
{
    REAL x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The sign of odd functions, also of 0. */
WG_INLINE REAL T(signed_as)(REAL magnitude, REAL x)
{
    return T(number)(T(bits)(magnitude) | (T(bits)(x) & SIGN_BIT));
}

WG_INLINE REAL T(magnitude)(REAL x)
{
    return T(number)(T(bits)(x) & ~SIGN_BIT);
}

/* NaN stays. */
WG_INLINE REAL T(at_most)(REAL x, REAL most)
{
    return x > most ? most : x;
}

WG_INLINE REAL T(at_least)(REAL x, REAL least)
{
    return x < least ? least : x;
}

/* x brought between -limit and limit; NaN stays */
WG_INLINE REAL T(within)(REAL x, REAL limit)
{
    return T(magnitude)(x) > limit ? T(signed_as)(limit, x) : x;
}

/* e^(a + b) = (1 + rest) 2ⁿ, b much smaller than a, which is from -EXP_LIMIT to EXP_LIMIT; NONE for b takes no addition. */
#define NONE ((REAL)-0.0)
typedef struct {
    REAL rest;
    BITS n; /* modulo its range */
} T(e_power);

WG_INLINE T(e_power) T(power_of_e)(REAL a, REAL b)
{
    const REAL rounded = T(mad)(a, (REAL)M_LOG2E, ROUNDER), n = rounded - ROUNDER;
    const REAL r = T(mad)(n, -LN2_LOW, T(mad)(n, -LN2_HIGH, a)) + b;
    const T(e_power) power = {T(mad)(r * r, T(exp_series)(r), r), T(bits)(rounded) - T(bits)(ROUNDER)};
    return power;
}

/* (1 + rest) 2ⁿ by two powers of 2, so that neither is out of range, and a result that is denormal is rounded once. */
WG_INLINE REAL T(scaled)(T(e_power) p)
{
    const BITS both = p.n + 2 * WG_BIAS, half = both >> 1;
    const REAL power = T(number)(half << WG_DIGITS);
    return T(mad)(p.rest, power, power) * T(number)((both - half) << WG_DIGITS);
}

WG_INLINE REAL T(wg_exp)(REAL x)
{
    return T(scaled)(T(power_of_e)(T(within)(x, EXP_LIMIT), NONE));
}

WG_INLINE REAL T(wg_expm1)(REAL x)
{
    const T(e_power) p = T(power_of_e)(T(at_least)(T(at_most)(x, EXPM1_TO), EXPM1_FROM), NONE);
    const REAL half = T(number)((p.n + WG_BIAS - 1) << WG_DIGITS); /* of the power, which may be out of range */
    const REAL scaled = 2 * T(mad)(p.rest, half, half - (REAL)0.5);
    return T(signed_as)(p.n == 0 ? p.rest : scaled, x);
}

/* x = m 2ᵉ with m from 2/3 to 4/3; e's bits are an exponent's. */
WG_INLINE BITS T(exponent)(REAL x)
{
    return (T(bits)(x) - T(bits)((REAL)2 / 3)) & ~MANTISSA;
}

/* e ln 2 + ln(1 + f) */
WG_INLINE REAL T(log_of_parts)(BITS exponent, REAL f)
{
    const BITS positive = (exponent + ((BITS)(2 * WG_BIAS) << WG_DIGITS)) >> WG_DIGITS;
    const REAL e = T(number)(positive | T(bits)(POWER)) - (POWER + 2 * WG_BIAS);
    return T(mad)(e, LN2_HIGH, T(mad)(e, LN2_LOW, T(log_near_1)(f)));
}

WG_INLINE REAL T(wg_log)(REAL x)
{
    const int tiny = x < T(number)(MANTISSA + 1);
    const REAL normal = tiny ? x * (2 * POWER) : x;
    const BITS e = T(exponent)(normal), unscaled = tiny ? (BITS)(WG_DIGITS + 1) << WG_DIGITS : 0;
    const REAL y = T(log_of_parts)(e - unscaled, T(number)(T(bits)(normal) - e) - 1);
    const REAL large = x > 0 ? x : (REAL)NAN; /* infinity, and what is no positive number */
    const REAL special = x == 0 ? -(REAL)INFINITY : large;
    return x > 0 && x < (REAL)INFINITY ? y : special;
}

WG_INLINE REAL T(wg_log1p)(REAL x)
{
    const BITS e = T(exponent)(1 + x);
    const REAL scale = T(number)(T(bits)((REAL)4) - e); /* 4 2⁻ᵉ, as 2⁻ᵉ may be out of range */
    const REAL f = T(number)(T(bits)(x) - e) + T(mad)((REAL)0.25, scale, -1);
    const REAL y = T(signed_as)(T(log_of_parts)(e, f), x);
    const REAL large = x > -1 ? x : (REAL)NAN;
    const REAL special = x == -1 ? -(REAL)INFINITY : large;
    return x > -1 && x < (REAL)INFINITY ? y : special;
}

/* t/(t + 2) with t = e^2|x| - 1 */
WG_INLINE REAL T(wg_tanh)(REAL x)
{
    const T(e_power) p = T(power_of_e)(2 * T(at_most)(T(magnitude)(x), TANH_TO), NONE);
    const REAL power = T(number)((p.n + WG_BIAS) << WG_DIGITS), t = T(mad)(p.rest, power, power - 1);
    return T(signed_as)(t / (t + 2), x);
}

/* 1/(1 + e⁻ˣ) = h/(h + e⁻ˣ h) with a power of 2 between 1 and eˣ for h, so that e⁻ˣ h is in range and a result that is denormal is
   rounded once. */
WG_INLINE REAL T(wg_sigmoid)(REAL x)
{
    const T(e_power) p = T(power_of_e)(T(within)(-x, EXP_LIMIT), NONE);
    const BITS both = p.n + 2 * WG_BIAS, half = both >> 1;
    const REAL h = T(number)((2 * WG_BIAS - half) << WG_DIGITS), power = T(number)((both - half) << WG_DIGITS);
    return h / (h + T(mad)(p.rest, power, power));
}

/* e^(-c x²), c a power of 2; x² is taken in two parts, for its rounding error would be as large as the exponent makes it. */
WG_INLINE REAL T(exp_minus_square)(REAL x, REAL c)
{
    const REAL head = T(number)(T(bits)(x) & SPLIT), tail = x - head;
    return T(scaled)(T(power_of_e)(-c * (head * head), -c * (tail * (x + head))));
}

/* e^(-x²/2) */
WG_INLINE REAL T(wg_bell)(REAL x)
{
    return T(exp_minus_square)(T(at_most)(T(magnitude)(x), TAIL_TO), (REAL)0.5);
}

/* Mills's ratio without a constant: e^(x²/2) Φ(-x), Φ the normal distribution function, for x not below 0. */
WG_INLINE REAL T(wg_mills)(REAL x)
{
    const REAL near = T(at_most)(x, TAIL_TO), w = 1 / (near + MILLS_MIDDLE);
    return w * T(mills_series)((near - MILLS_MIDDLE) * w);
}

/* Near 0 a series; elsewhere 1 - 2 Φ(-√2 x). */
WG_INLINE REAL T(wg_erf)(REAL x)
{
    const REAL a = T(at_most)(T(magnitude)(x), ERF_TO), square = a * a;
    const REAL near = T(mad)(a, T(erf_series)(square), a);
    const REAL far = 1 - 2 * (T(exp_minus_square)(a, 1) * T(wg_mills)((REAL)M_SQRT2 * a));
    return T(signed_as)(a < 1 ? near : far, x);
}

/* Sine and cosine of x, at most ANGLE_TO in magnitude: those of what is left of x less n π/2, head and tail, or one of the other. The
   products of n, of 20 digits, with the parts of π/2 are exact, and what the differences lose is kept: so no digit is missing where next
   to nothing is left. In f32 they are those of f64. */
#if WG_DIGITS == 52
WG_INLINE REAL T(of_angle)(REAL x, BITS quarters)
{
    static const REAL part[] = PI_2_PARTS;
    const REAL rounded = T(mad)(x, (REAL)M_2_PI, ROUNDER), n = rounded - ROUNDER;
    const REAL first = T(mad)(n, -part[0], x), second = first - n * part[1], third = second - n * part[2];
    const REAL lost = ((first - second) - n * part[1]) + ((second - third) - n * part[2]), rest = T(mad)(n, -PI_2_REST, lost);
    const REAL head = third + rest, tail = (third - head) + rest, square = head * head, half = (REAL)0.5 * square,
               near_1 = 1 - half;
    const REAL sine = head + T(mad)(head * square, T(sin_series)(square), T(mad)(-half, tail, tail));
    const REAL cosine = near_1 + (((1 - near_1) - half) + T(mad)(square * square, T(cos_series)(square), -(head * tail)));
    const BITS turn = T(bits)(rounded) + quarters;
    return T(number)(T(bits)(turn & 1 ? cosine : sine) ^ (turn & 2) << (8 * sizeof(BITS) - 2));
}
WG_INLINE REAL T(wg_near_sin)(REAL x)
{
    return x == 0 ? x : T(of_angle)(x, 0); /* with its sign */
}
WG_INLINE REAL T(wg_near_cos)(REAL x)
{
    return T(of_angle)(x, 1);
}
#else
WG_INLINE REAL T(wg_near_sin)(REAL x)
{
    return (REAL)ISA(wg_near_sin_f64)((double)x);
}
WG_INLINE REAL T(wg_near_cos)(REAL x)
{
    return (REAL)ISA(wg_near_cos_f64)((double)x);
}
#endif

#define OF_LIBRARY(name)                \
    WG_INLINE REAL T(wg_##name)(REAL x) \
    {                                   \
        return LIBRARY(name)(x);        \
    }
#define OF_LIBRARY_2(name)                      \
    WG_INLINE REAL T(wg_##name)(REAL a, REAL b) \
    {                                           \
        return LIBRARY(name)(a, b);             \
    }
OF_LIBRARY(acos)
OF_LIBRARY(asin)
OF_LIBRARY(atan)
OF_LIBRARY(ceil)
OF_LIBRARY(cos)
OF_LIBRARY(cosh)
OF_LIBRARY(fabs)
OF_LIBRARY(floor)
OF_LIBRARY(log2)
OF_LIBRARY(rint)
OF_LIBRARY(sin)
OF_LIBRARY(sinh)
OF_LIBRARY(sqrt)
OF_LIBRARY(tan)
OF_LIBRARY_2(atan2)
OF_LIBRARY_2(pow)

WG_INLINE REAL T(wg_fma)(REAL a, REAL b, REAL c)
{
    return LIBRARY(fma)(a, b, c);
}

#undef OF_LIBRARY
#undef OF_LIBRARY_2
#undef SIGN_BIT
#undef MANTISSA
#undef ROUNDER
#undef POWER
#undef NONE
#undef WG_BIAS
#undef LN2_HIGH
#undef LN2_LOW
#undef SPLIT
#undef EXP_LIMIT
#undef EXPM1_TO
#undef EXPM1_FROM
#undef TANH_TO
#undef ERF_TO
#undef TAIL_TO
#undef MILLS_MIDDLE
#undef PI_2_PARTS
#undef PI_2_REST
