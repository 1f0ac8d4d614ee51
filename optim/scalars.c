/* Named f64 scalars as the state of an object. */
#include "scalars.h"

#include <math.h>

#include "wengert/error.h"

wg_tensor *own_tensor(wg_dtype dtype, wg_shape shape, double value)
{
    wg_tensor *t = wg_full(dtype, shape, value);
    return t ? wg_adopt(t) : NULL;
}

wg_status scalars_init(struct scalars *s, const struct scalar *kind, size_t n, const char *op)
{
    *s = (struct scalars){.kind = kind};
    for (size_t i = 0; i < n; i++) {
        wg_tensor *t = own_tensor(WG_F64, WG_SCALAR, kind[i].start);
        if (t) {
            s->tensor[s->n] = t;
            s->name[s->n++] = kind[i].name;
        }
        if (!t || wg_set_name(t, kind[i].name) != WG_OK) {
            scalars_finish(s);
            return wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        }
    }
    return WG_OK;
}

void scalars_finish(struct scalars *s)
{
    for (size_t i = 0; i < s->n; i++)
        wg_disown(s->tensor[i]);
    s->n = 0;
}

static bool is_in_range(enum scalar_range range, double value)
{
    if (range == SCALAR_ANY || range == SCALAR_NOT_NAN)
        return range == SCALAR_ANY || !isnan(value);
    return value >= 0 && (range != SCALAR_COUNT || (value <= 0x1p53 && value == floor(value)));
}

wg_status scalars_read(const struct scalars *s, double *value, const char *op)
{
    static const char *const expected[] = {"any number", "a number", "a number of at least 0", "a whole number of at least 0"};
    for (size_t i = 0; i < s->n; i++) {
        WG_TRY(wg_read(s->tensor[i], &value[i]));
        if (!is_in_range(s->kind[i].range, value[i]))
            return wg_error_set(WG_E_ARGUMENT, op, "%s: expected %s as \"%s\" of the state, got %g", op, expected[s->kind[i].range],
                                s->name[i], value[i]);
    }
    return WG_OK;
}

/* What the write says is said of op, unless an earlier error is the first. */
static wg_status failed_write(wg_status status, bool first, const char *op)
{
    wg_error error;
    if (!first)
        return status;
    (void)wg_error_take(&error);
    return wg_error_set(status, op, "%s: %s", op, error.message);
}

wg_status scalars_write(struct scalars *s, const double *value, const char *op)
{
    const bool first = !wg_error_first();
    for (size_t i = 0; i < s->n; i++) {
        const wg_status status = wg_write(s->tensor[i], &value[i]);
        if (status != WG_OK)
            return failed_write(status, first, op);
    }
    return WG_OK;
}
