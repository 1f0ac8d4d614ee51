/* What the files of nn/gan share: checks of operands, and results that are the open tape's or the caller's. */
#ifndef NN_GAN_H
#define NN_GAN_H

#include "../module/module.h"
#include "wengert/gan.h"

/* That t has a value; what: its name in messages. WG_NONE is E_ARGUMENT. */
wg_status gan_check_live(const wg_tensor *t, const char *op, const char *what);
/* That besides it is f32 or f64. */
wg_status gan_check_real(const wg_tensor *t, const char *op, const char *what);
/* That two tensors which passed gan_check_real are of one dtype and, with shapes, of one shape; what: both. */
wg_status gan_check_alike(const wg_tensor *a, const wg_tensor *b, bool shapes, const char *op, const char *what);
/* That a tape is open. */
wg_status gan_check_tape(const char *op);
/* That low ≤ value < ∞. */
wg_status gan_check_number(double value, double low, const char *op, const char *what);

/* The result of make, on the open tape; with no tape open the caller's, and what it was made of is gone. */
typedef wg_tensor *gan_maker(const void *arguments);
wg_tensor *gan_make(gan_maker *make, const void *arguments, const char *op);

/* The generator, or this thread's own for WG_NONE. */
wg_tensor *gan_generator(wg_tensor *generator);

/* All elements in row-major order as f64, to be freed; NULL and the error. Of an empty tensor some memory, too. */
double *gan_read(const wg_tensor *t, const char *op);

#endif
