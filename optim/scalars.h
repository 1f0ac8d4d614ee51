/* The state of an object that counts or remembers numbers: named f64 scalars of its own, which a program reads and writes to save and
   resume. */
#ifndef OPTIM_SCALARS_H
#define OPTIM_SCALARS_H

#include "wengert/tensor.h"

enum { MAX_SCALARS = 12 };

/* What a program may write; another value is an error when it is read. COUNT: a whole number from 0 to 2^53. */
enum scalar_range { SCALAR_ANY, SCALAR_NOT_NAN, SCALAR_NOT_NEGATIVE, SCALAR_COUNT };

struct scalar {
    const char *name;
    double start;
    enum scalar_range range;
};

struct scalars {
    const struct scalar *kind;
    size_t n;
    wg_tensor *tensor[MAX_SCALARS];
    const char *name[MAX_SCALARS];
};

/* A new f64 or other tensor of an object's own, whether a tape is open or not. */
wg_tensor *own_tensor(wg_dtype dtype, wg_shape shape, double value);

wg_status scalars_init(struct scalars *s, const struct scalar *kind, size_t n, const char *op);
void scalars_finish(struct scalars *s);

/* E_ARGUMENT: a value is out of its range. */
wg_status scalars_read(const struct scalars *s, double *value, const char *op);

/* A write, so E_STATE inside a step that is captured; then no value has changed. */
wg_status scalars_write(struct scalars *s, const double *value, const char *op);

#endif
