/* Constants and polynomials of vector_math.h, for one number type. Each polynomial interpolates the named function at Chebyshev
   points of the named interval. The coefficients, lowest power first, were computed with 60 decimal digits and then rounded. */

#ifndef POLY1
#define POLY1(x, a) (a)
#define POLY2(x, a, ...) T(mad)(POLY1(x, __VA_ARGS__), x, a)
#define POLY3(x, a, ...) T(mad)(POLY2(x, __VA_ARGS__), x, a)
#define POLY4(x, a, ...) T(mad)(POLY3(x, __VA_ARGS__), x, a)
#define POLY5(x, a, ...) T(mad)(POLY4(x, __VA_ARGS__), x, a)
#define POLY6(x, a, ...) T(mad)(POLY5(x, __VA_ARGS__), x, a)
#define POLY7(x, a, ...) T(mad)(POLY6(x, __VA_ARGS__), x, a)
#define POLY8(x, a, ...) T(mad)(POLY7(x, __VA_ARGS__), x, a)
#define POLY9(x, a, ...) T(mad)(POLY8(x, __VA_ARGS__), x, a)
#define POLY10(x, a, ...) T(mad)(POLY9(x, __VA_ARGS__), x, a)
#define POLY11(x, a, ...) T(mad)(POLY10(x, __VA_ARGS__), x, a)
#define POLY12(x, a, ...) T(mad)(POLY11(x, __VA_ARGS__), x, a)
#define POLY13(x, a, ...) T(mad)(POLY12(x, __VA_ARGS__), x, a)
#define POLY14(x, a, ...) T(mad)(POLY13(x, __VA_ARGS__), x, a)
#define POLY15(x, a, ...) T(mad)(POLY14(x, __VA_ARGS__), x, a)
#define POLY16(x, a, ...) T(mad)(POLY15(x, __VA_ARGS__), x, a)
#define POLY17(x, a, ...) T(mad)(POLY16(x, __VA_ARGS__), x, a)
#define POLY18(x, a, ...) T(mad)(POLY17(x, __VA_ARGS__), x, a)
#define POLY19(x, a, ...) T(mad)(POLY18(x, __VA_ARGS__), x, a)
#define POLY20(x, a, ...) T(mad)(POLY19(x, __VA_ARGS__), x, a)
#define POLY21(x, a, ...) T(mad)(POLY20(x, __VA_ARGS__), x, a)
#define POLY22(x, a, ...) T(mad)(POLY21(x, __VA_ARGS__), x, a)
#define POLY23(x, a, ...) T(mad)(POLY22(x, __VA_ARGS__), x, a)
#endif

#if WG_DIGITS == 23
#define WG_BIAS 127
#define LN2_HIGH 0x1.62e4p-1f /* few enough bits that its product with an exponent is exact */
#define LN2_LOW 0x1.7f7d1cp-20f
#define SPLIT 0xfffff000u  /* mask of the leading bits, whose square is exact */
#define EXP_LIMIT 104.f    /* eˣ rounds to 0 for x below -EXP_LIMIT, */
#define EXPM1_TO 89.f      /* and overflows for x above EXPM1_TO */
#define EXPM1_FROM (-25.f) /* below it eˣ - 1 rounds to -1 */
#define TANH_TO 10.f       /* above it tanh x rounds to 1 */
#define ERF_TO 4.f         /* above it erf x rounds to 1 */
#define TAIL_TO 14.7f      /* above it Φ(-x) rounds to 0 */
#define MILLS_MIDDLE 2.f
#else
#define WG_BIAS 1023
#define LN2_HIGH 0x1.62e42fefa3p-1
#define LN2_LOW 0x1.3de6af278ece6p-42
#define SPLIT 0xfffffffff8000000u
#define EXP_LIMIT 746.
#define EXPM1_TO 710.
#define EXPM1_FROM (-45.)
#define TANH_TO 20.
#define ERF_TO 6.
#define TAIL_TO 39.
#define MILLS_MIDDLE 5.
#define PI_2_PARTS                                         \
    {                                                      \
        0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69 \
    }                                    /* three parts of π/2, of 33 bits each, */
#define PI_2_REST 0x1.b839a252049c1p-104 /* and the remainder */
#endif

/* (eˣ - 1 - x)/x², |x| < ln 2/2. Pairs of powers are evaluated independently, for instruction-level parallelism. */
WG_INLINE REAL T(exp_series)(REAL x)
{
    const REAL z = x * x;
#if WG_DIGITS == 23
    return POLY3(z, POLY2(x, 0x1p-1f, 0x1.5554dcp-3f), POLY2(x, 0x1.555518p-5f, 0x1.120c62p-7f), 0x1.6d11fep-10f);
#else
    return POLY5(z, POLY2(x, 0x1p-1, 0x1.5555555555556p-3), POLY2(x, 0x1.5555555553d05p-5, 0x1.1111111110996p-7),
                 POLY2(x, 0x1.6c16c178b0646p-10, 0x1.a01a01a7da98dp-13), POLY2(x, 0x1.a019b87f7a6e9p-16, 0x1.71de0d573888bp-19),
                 POLY2(x, 0x1.28922d8c8d4fbp-22, 0x1.af39789bfd689p-26));
#endif
}

#if WG_DIGITS == 23
/* ln(1 + x), |x| < 1/3, from a polynomial for (ln(1 + x) - x + x²/2)/x³ */
WG_INLINE REAL T(log_near_1)(REAL x)
{
    const REAL cubic = POLY9(x, 0x1.555556p-2f, -0x1.ffffb6p-3f, 0x1.999954p-3f, -0x1.557832p-3f, 0x1.24b28cp-3f, -0x1.f75896p-4f,
                             0x1.bf1afp-4f, -0x1.fcd036p-4f, 0x1.d01a22p-4f);
    return T(mad)(x * x, T(mad)(x, cubic, -0.5f), x);
}
#else
/* ln(1 + x), |x| < 1/3, from a polynomial in s² for (ln((1 + s)/(1 - s))/s - 2)/s², s = x/(2 + x), which is half as long */
WG_INLINE REAL T(log_near_1)(REAL x)
{
    const REAL s = x / (2 + x), z = s * s, half = 0.5 * x * x;
    const REAL series = POLY8(z, 0x1.5555555555555p-1, 0x1.9999999999f3p-2, 0x1.24924923dba6ap-2, 0x1.c71c72e2f78d5p-3,
                              0x1.745cab2727663p-3, 0x1.3b29fcbbce66dp-3, 0x1.0e88ea4725d3dp-3, 0x1.16b68338bd78bp-3);
    return x - (half - s * (half + z * series));
}
#endif

/* erf √x/√x - 1, x < 1 */
WG_INLINE REAL T(erf_series)(REAL x)
{
#if WG_DIGITS == 23
    return POLY7(x, 0x1.06eba8p-3f, -0x1.81273ep-2f, 0x1.ce2d1p-4f, -0x1.b7fabap-6f, 0x1.54127p-8f, -0x1.a45088p-11f,
                 0x1.4a569p-14f);
#else
    return POLY13(x, 0x1.06eba8214db69p-3, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b3p-4, -0x1.b82ce31284ep-6, 0x1.565bcd0dbaa38p-8,
                  -0x1.c02db3dac435fp-11, 0x1.f9a321d5b8e1ep-14, -0x1.f4d1e3183f7aep-17, 0x1.b9df224ca4b97p-20,
                  -0x1.5f1ecb6f0764cp-23, 0x1.f7b4bf3b13964p-27, -0x1.389d4f2641625p-30, 0x1.05ffd737fb32ep-34);
#endif
}

/* (t + c) Mills(t) as a polynomial in x = (t - c)/(t + c); c = MILLS_MIDDLE, 0 <= t <= TAIL_TO */
WG_INLINE REAL T(mills_series)(REAL x)
{
#if WG_DIGITS == 23
    return POLY12(x, 0x1.5845dcp-1f, -0x1.535bb2p-2f, 0x1.d7d0f6p-6f, 0x1.2cce2ep-5f, -0x1.eca758p-12f, -0x1.b95b9cp-8f,
                  -0x1.ff862ap-10f, 0x1.afe938p-11f, 0x1.b676a2p-11f, 0x1.1676ecp-13f, -0x1.38ce5ap-13f, -0x1.12ebf6p-14f);
#else
    return POLY23(x, 0x1.89d3abe1f95aep-1, -0x1.54ad03f27ca17p-1, 0x1.fb31653876f8fp-2, -0x1.410ed5f875a7bp-2, 0x1.51f6329f01859p-3,
                  -0x1.1b1c254c9a26ap-4, 0x1.54b4d4f4b7df7p-6, -0x1.88590eab03918p-9, -0x1.a25037ca7ca7p-11, 0x1.1daf1d4ddcce6p-11,
                  -0x1.f21466e3546dcp-15, -0x1.a170d44af0fdp-15, 0x1.17dd3e7caa929p-16, 0x1.0b2754215a353p-18,
                  -0x1.73aedd11be7a4p-19, -0x1.696d58b09295ep-22, 0x1.d11064e43c78bp-22, 0x1.6afb3fb1651f3p-25,
                  -0x1.1b2d4e626d9cfp-24, -0x1.3f6b4655a523p-27, 0x1.074f3a1e7e808p-27, 0x1.e00f5cc3a2653p-30,
                  -0x1.62171709541e2p-33);
#endif
}

#if WG_DIGITS == 52
/* (sin √x/√x - 1)/x, x < (π/4)² */
WG_INLINE REAL T(sin_series)(REAL x)
{
    return POLY6(x, -0x1.5555555555555p-3, 0x1.1111111110bb2p-7, -0x1.a01a019e83816p-13, 0x1.71de379654304p-19,
                 -0x1.ae600aca92c64p-26, 0x1.5e0b05bff20f2p-33);
}

/* (cos √x - 1 + x/2)/x², x < (π/4)² */
WG_INLINE REAL T(cos_series)(REAL x)
{
    return POLY6(x, 0x1.5555555555555p-5, -0x1.6c16c16c16967p-10, 0x1.a01a019f4e9b4p-16, -0x1.27e4fa17bf139p-22,
                 0x1.1eeb68cd22f56p-29, -0x1.907d8f29fe831p-37);
}
#endif
