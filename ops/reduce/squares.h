/* Scaling for sums of squares, compiled once per number type. If the squares leave f64's range although the root of their sum does
   not, the sum is repeated with elements scaled by a power of two, which is exact (Blue, 1978; LAPACK's dnrm2). An ordinary sum
   costs two comparisons of its total. Whether a sum is repeated depends only on its value, never on how the work is divided. */

/* The scale for elements whose squares have this sum. It is 1 if the sum is valid: finite, and so large that underflowed squares
   are negligible. Infinite and NaN elements give the same result after scaling. Squares of f32 elements, and their sums, are always
   within f64's range. */
static inline WIDE T(squares_scale)(WIDE sum)
{
    const int small = sum < (WIDE)0x1p-900, finite = sum <= (WIDE)1.7976931348623157e308;
    if (sizeof(REAL) < sizeof(WIDE))
        return (WIDE)1;
    return small ? (WIDE)0x1p600 : finite ? (WIDE)1 : (WIDE)0x1p-600;
}
