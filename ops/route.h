/* Which of two a maximum (>=) or a minimum (<=) takes: the first if they tie or if it is NaN. Both comparisons are always made, so
   that the work does not depend on the data. */
#define WG_TAKES_FIRST(a, b, relation) (((a)relation(b)) | ((a) != (a)))
