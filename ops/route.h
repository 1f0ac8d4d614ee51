/* True if a maximum (relation >=) or minimum (<=) of a and b selects a: also if they are equal or a is NaN. Both comparisons are
   always made, so that the work does not depend on the data. */
#define WG_TAKES_FIRST(a, b, relation) (((a)relation(b)) | ((a) != (a)))
/* The maximum (beyond is >) or minimum (<) of a and b. A NaN b is selected explicitly, which lets compilers use the max and min
   instructions. */
#define WG_EXTREMUM(a, b, beyond) T(extremum_of)(a, b, (b)beyond(a))
WG_INLINE REAL T(extremum_of)(REAL a, REAL b, bool beyond)
{
    const bool is_nan = b != b;
    const REAL farther = beyond ? b : a;
    return is_nan ? b : farther;
}
