/* The frame of every instrument: the loss run at a point, its gradient and products with its Hessian, on a tape whose effects are
   undone. Intermediate values are tensors of that tape, so they end with it, whatever fails.

       struct study s;
       wg_tensor *table = NULL;
       if (study_begin(&s, "study_trace", loss, NULL, STUDY_PRODUCTS) == WG_OK)
           table = …;
       return study_end(&s, table);
*/
#ifndef STUDY_FRAME_H
#define STUDY_FRAME_H

#include <math.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/options.h"
#include "wengert/study.h"
#include "wengert/tape.h"

/* How much of the loss is computed. POSITION: it is not run. PRODUCTS: the gradient is recorded, so it can be differentiated again and
   again. */
enum study_order { STUDY_POSITION, STUDY_VALUE, STUDY_GRADIENT, STUDY_PRODUCTS };

struct study {
    const char *op; /* the instrument, for messages */
    const wg_study_loss *loss;
    int64_t size; /* elements of all parameters */
    double value;
    wg_tensor *y;        /* the loss */
    wg_tensor *gradient; /* f64 (size) */
    wg_tape *tape;
    wg_tensor *generator;
    wg_tensor **part, **direction;     /* one for each parameter */
    bool *frozen;                      /* it required no gradient before */
    bool grad, train, opened, reached; /* reached: the loss depends on a parameter */
};

/* Runs the loss where the parameters are, or at another point, an f64 vector. A value that is not finite is E_NUMERIC, unless it alone
   is asked for. After a failure, too, study_end follows. */
wg_status study_begin(struct study *s, const char *op, const wg_study_loss *loss, wg_tensor *at, enum study_order order);

/* study_begin where the parameters are, with n directions that the caller gave: each must be f64 (size). They are checked before the tape
   opens, since a handle of the tape could take the place of a dead one. who: what a direction is, for messages. */
wg_status study_begin_along(struct study *s, const char *op, const wg_study_loss *loss, wg_tensor *const *direction, size_t n,
                            const char *who, enum study_order order);

/* Puts everything back. Returns result, a tensor of the study's tape or NULL, as one of the open tape or the caller's. */
wg_tensor *study_end(struct study *s, wg_tensor *result);
void study_end_many(struct study *s, wg_tensor **result, size_t n); /* all or none: then all are NULL */

/* H v on the top tape, f64 (size), like v. */
wg_tensor *study_product(struct study *s, wg_tensor *v);

/* All eigenvalues of H, in ascending order (size). */
wg_tensor *study_eigenvalues(struct study *s);

/* All numbers of a descent, where PRODUCTS were asked for. */
wg_status study_descent(struct study *s, wg_study_descent *descent);

/* The Hessian (size, size), symmetric to the last bit. */
wg_tensor *study_hessian(struct study *s);

/* The parameters as a vector on the top tape, f64 (size). */
wg_tensor *study_position(struct study *s);

/* The reverse: s->part from a vector, in the parameters' shapes and dtypes, on the top tape. */
wg_status study_split(struct study *s, wg_tensor *vector);

/* The code of the first error, after a function that returned NULL. */
static inline wg_status study_cause(void)
{
    return wg_error_first() ? wg_error_first()->code : WG_E_MEMORY;
}

static inline double study_norm(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

/* The table of an instrument's options; seeds and places for further results need no check. */
#define STUDY_OPTIONS(type, list)                           \
    {                                                       \
        (list), sizeof(list) / sizeof *(list), sizeof(type) \
    }

/* The study's generator, once: it ends with the study. */
wg_tensor *study_generator(struct study *s, uint64_t seed);

#endif
