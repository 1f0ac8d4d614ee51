/* Sums of squares, for the number type at hand: where the squares leave f64 though the root of their sum does not, the sum is made again of
   numbers scaled by a power of two, which rounds nothing (Blue, 1978; LAPACK's dnrm2). An ordinary sum costs two comparisons of its
   total. Which sum is made again depends on its value alone, never on how the work is split. */

/* The scale for numbers whose squares have this sum, or 1 where the sum can stand: it is finite, and so large that what underflowed in
   it does not count. An infinite number stays infinite, and NaN NaN. Squares of float numbers, and their sums, do not leave double. */
static inline WIDE T(squares_scale)(WIDE sum)
{
    const int small = sum < (WIDE)0x1p-900, finite = sum <= (WIDE)1.7976931348623157e308;
    if (sizeof(REAL) < sizeof(WIDE))
        return (WIDE)1;
    return small ? (WIDE)0x1p600 : finite ? (WIDE)1 : (WIDE)0x1p-600;
}
