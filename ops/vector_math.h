/* Scalar functions for kernels, R(exp)(x), compiled once per number type and instruction set. They contain no branches and no
   calls, so compilers vectorise the loops around them for any instruction set. The remainder of a loop uses the same arithmetic as
   its vectors, so no bit depends on where work is divided. With fused multiply-add (FUSED) all instruction sets agree bit for bit.
   Special values are selected at the end; NaN propagates through the arithmetic. The functions at the end of this file call the
   math library. Define before including it: REAL, T, BITS (the unsigned integer of REAL's width), WG_DIGITS (the fraction bits of
   REAL), LIBRARY. */

/* a b + c, rounded once if the instruction set has fma */
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
/* Adding ROUNDER rounds a number to an integer, which is then in the sum's low bits. POWER + i, for an integer i > 0, has i in its
   low bits. */
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

/* The magnitude with x's sign, for odd functions; keeps the sign of 0. */
WG_INLINE REAL T(signed_as)(REAL magnitude, REAL x)
{
    return T(number)(T(bits)(magnitude) | (T(bits)(x) & SIGN_BIT));
}

WG_INLINE REAL T(magnitude)(REAL x)
{
    return T(number)(T(bits)(x) & ~SIGN_BIT);
}

/* A NaN x is returned; also by at_least. */
WG_INLINE REAL T(at_most)(REAL x, REAL most)
{
    return x > most ? most : x;
}

WG_INLINE REAL T(at_least)(REAL x, REAL least)
{
    return x < least ? least : x;
}

/* x clamped to -limit … limit; a NaN x is returned. */
WG_INLINE REAL T(within)(REAL x, REAL limit)
{
    return T(magnitude)(x) > limit ? T(signed_as)(limit, x) : x;
}

/* e^(a + b) = (1 + rest) 2ⁿ. a is in -EXP_LIMIT … EXP_LIMIT and b is much smaller than a. b = NONE (-0) saves the addition. */
#define NONE ((REAL)-0.0)
typedef struct {
    REAL rest;
    BITS n; /* modulo 2 to the width of BITS */
} T(e_power);

WG_INLINE T(e_power) T(power_of_e)(REAL a, REAL b)
{
    const REAL rounded = T(mad)(a, (REAL)M_LOG2E, ROUNDER), n = rounded - ROUNDER;
    const REAL r = T(mad)(n, -LN2_LOW, T(mad)(n, -LN2_HIGH, a)) + b;
    const T(e_power) power = {T(mad)(r * r, T(exp_series)(r), r), T(bits)(rounded) - T(bits)(ROUNDER)};
    return power;
}

/* (1 + rest) 2ⁿ, scaled by two powers of 2: neither is out of range, and a denormal result is rounded only once. */
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
    const REAL half = T(number)((p.n + WG_BIAS - 1) << WG_DIGITS); /* 2ⁿ⁻¹, as 2ⁿ may be out of range */
    const REAL scaled = 2 * T(mad)(p.rest, half, half - (REAL)0.5);
    return T(signed_as)(p.n == 0 ? p.rest : scaled, x);
}

/* e of x = m 2ᵉ with m from 2/3 to 4/3, at the position of a floating-point exponent. */
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
    const REAL large = x > 0 ? x : (REAL)NAN; /* infinity, or NaN if x is not positive */
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

/* 1/(1 + e⁻ˣ) = h/(h + e⁻ˣ h), where h is a power of 2 between 1 and eˣ. So e⁻ˣ h is in range and a denormal result is rounded only
   once. */
WG_INLINE REAL T(wg_sigmoid)(REAL x)
{
    const T(e_power) p = T(power_of_e)(T(within)(-x, EXP_LIMIT), NONE);
    const BITS both = p.n + 2 * WG_BIAS, half = both >> 1;
    const REAL h = T(number)((2 * WG_BIAS - half) << WG_DIGITS), power = T(number)((both - half) << WG_DIGITS);
    return h / (h + T(mad)(p.rest, power, power));
}

/* e^(-c x²), c a power of 2. x² is computed in two parts, because its rounding error, absolute in the exponent, would be a relative
   error of the result. */
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

/* Mills's ratio except for the factor √(2π): e^(x²/2) Φ(-x) for x >= 0; Φ is the standard normal distribution function. */
WG_INLINE REAL T(wg_mills)(REAL x)
{
    const REAL near = T(at_most)(x, TAIL_TO), w = 1 / (near + MILLS_MIDDLE);
    return w * T(mills_series)((near - MILLS_MIDDLE) * w);
}

/* erf x: a series for |x| < 1, elsewhere 1 - 2 Φ(-√2 x). */
WG_INLINE REAL T(wg_erf)(REAL x)
{
    const REAL a = T(at_most)(T(magnitude)(x), ERF_TO), square = a * a;
    const REAL near = T(mad)(a, T(erf_series)(square), a);
    const REAL far = 1 - 2 * (T(exp_minus_square)(a, 1) * T(wg_mills)((REAL)M_SQRT2 * a));
    return T(signed_as)(a < 1 ? near : far, x);
}

/* Sine and cosine for |x| <= ANGLE_TO, by Cody-Waite reduction: they are plus or minus the sine or cosine of x - n π/2, which is
   kept as head + tail. n has 20 bits, so its products with the 33-bit parts of π/2 are exact; the rounding errors of the
   differences are kept in tail. Therefore the result is accurate also where x - n π/2 is close to 0. The f32 functions call the f64
   ones. */
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
    return x == 0 ? x : T(of_angle)(x, 0); /* keeps the sign of 0 */
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
