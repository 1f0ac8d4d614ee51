/* What the files of nn/gan share. */
#include "gan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wengert/error.h"
#include "wengert/ops.h"
#include "wengert/random.h"
#include "wengert/tape.h"

wg_status gan_check_live(const wg_tensor *t, const char *op, const char *what)
{
    if (t == WG_NONE)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s, got WG_NONE", op, what);
    return nn_check_value(t, op, "%s", what);
}

wg_status gan_check_real(const wg_tensor *t, const char *op, const char *what)
{
    WG_TRY(gan_check_live(t, op, what));
    const wg_dtype dtype = wg_dtype_of(t);
    if (dtype == WG_F32 || dtype == WG_F64)
        return WG_OK;
    return wg_error_set(WG_E_DTYPE, op, "%s: expected %s of dtype f32 or f64, got %s", op, what, wg_dtype_name(dtype));
}

static bool same_shape(wg_shape a, wg_shape b)
{
    return a.rank == b.rank && memcmp(a.extent, b.extent, (size_t)a.rank * sizeof *a.extent) == 0;
}

wg_status gan_check_alike(const wg_tensor *a, const wg_tensor *b, bool shapes, const char *op, const char *what)
{
    char one[100], other[100];
    if (wg_dtype_of(a) != wg_dtype_of(b))
        return wg_error_set(WG_E_DTYPE, op, "%s: expected %s of one dtype, got %s and %s", op, what, wg_dtype_name(wg_dtype_of(a)),
                            wg_dtype_name(wg_dtype_of(b)));
    if (!shapes || same_shape(wg_shape_of(a), wg_shape_of(b)))
        return WG_OK;
    return wg_error_set(WG_E_SHAPE, op, "%s: expected %s of one shape, got %s and %s", op, what,
                        wg_shape_text(wg_shape_of(a), one, sizeof one), wg_shape_text(wg_shape_of(b), other, sizeof other));
}

wg_status gan_check_tape(const char *op)
{
    if (wg_tape_top())
        return WG_OK;
    return wg_error_set(WG_E_STATE, op, "%s: expected an open tape: the penalty differentiates what is recorded on it", op);
}

wg_status gan_check_number(double value, double low, const char *op, const char *what)
{
    if (value >= low && value < (double)INFINITY)
        return WG_OK;
    return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s in [%g, inf), got %g", op, what, low, value);
}

wg_tensor *gan_make(gan_maker *make, const void *arguments, const char *op)
{
    const uint64_t before = nn_count_errors();
    wg_tensor *made = NULL;
    if (wg_tape_top()) {
        made = make(arguments);
    } else {
        WG_TAPE(tape, .keep_error = true);
        made = tape ? make(arguments) : NULL;
        made = made ? wg_keep(made) : NULL;
    }
    nn_name_error(before, op);
    return made;
}

wg_tensor *gan_generator(wg_tensor *generator)
{
    return generator == WG_NONE ? wg_generator_default() : generator;
}

double *gan_read(const wg_tensor *t, const char *op)
{
    double *to = malloc(((size_t)wg_numel(t) + 1) * sizeof *to);
    if (!to) {
        (void)nn_no_memory(op);
        return NULL;
    }
    WG_NO_GRAD;
    const uint64_t before = nn_count_errors();
    wg_tensor *wide = wg_cast((wg_tensor *)(uintptr_t)t, WG_F64);
    const bool read = wide && wg_read(wide, to) == WG_OK;
    if (wide && wide != t)
        (void)nn_then(wide, NULL);
    nn_name_error(before, op);
    if (read)
        return to;
    free(to);
    return NULL;
}
