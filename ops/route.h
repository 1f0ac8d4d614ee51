/* Which of two a maximum (>=) or a minimum (<=) takes: the first if they tie or if it is NaN. Both comparisons are always made, so
   that the work does not depend on the data. */
#define WG_TAKES_FIRST(a, b, relation) (((a)relation(b)) | ((a) != (a)))
/* That one of two. The second is taken where it is NaN, which lets compilers use the instruction for a maximum. */
#define WG_EXTREMUM(a, b, beyond) T(extremum_of)(a, b, (b)beyond(a))
WG_INLINE REAL T(extremum_of)(REAL a, REAL b, bool beyond)
{
    const bool is_nan = b != b;
    const REAL farther = beyond ? b : a;
    return is_nan ? b : farther;
}
