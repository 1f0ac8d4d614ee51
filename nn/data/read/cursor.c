/* A cursor over bytes that nobody vouches for. */
#include "cursor.h"

#include <stdarg.h>
#include <stdio.h>

#include "wengert/error.h"

static wg_status record(wg_status code, const struct cursor *c, size_t at, const char *format, va_list values)
{
    char what[200];
    vsnprintf(what, sizeof what, format, values);
    return wg_error_set(code, c->op, "%s: %.120s, byte %zu: %s", c->op, c->name, at, what);
}

wg_status cursor_wrong(const struct cursor *c, size_t at, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    const wg_status code = record(WG_E_IO, c, at, format, values);
    va_end(values);
    return code;
}

wg_status cursor_wrong_as(wg_status code, const struct cursor *c, size_t at, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    (void)record(code, c, at, format, values);
    va_end(values);
    return code;
}

wg_status cursor_take(struct cursor *c, size_t n, const char *what, const unsigned char **bytes)
{
    if (n > c->size - c->at)
        return cursor_wrong(c, c->at, "expected %zu bytes of %s, got %zu", n, what, c->size - c->at);
    *bytes = c->bytes + c->at;
    c->at += n;
    return WG_OK;
}

wg_status cursor_end(const struct cursor *c)
{
    return c->at == c->size ? WG_OK : cursor_wrong(c, c->at, "expected the end, got %zu more bytes", c->size - c->at);
}

uint64_t little_endian(const unsigned char *bytes, size_t n)
{
    uint64_t value = 0;
    while (n-- > 0)
        value = value << 8 | bytes[n];
    return value;
}

uint64_t big_endian(const unsigned char *bytes, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

bool checked_bytes(const wg_shape *shape, size_t element, size_t *bytes)
{
    int64_t product = (int64_t)element;
    bool empty = false;
    for (int i = 0; i < shape->rank; i++) {
        empty = empty || shape->extent[i] == 0;
        if (shape->extent[i] != 0 && __builtin_mul_overflow(product, shape->extent[i], &product))
            return false;
    }
    *bytes = empty ? 0 : (size_t)product;
    return true;
}

wg_tensor *new_tensor(wg_dtype dtype, wg_shape shape, void **elements)
{
    wg_tensor *t = wg_zeros(dtype, shape);
    *elements = t ? wg_data_mut(t) : NULL;
    if (*elements)
        return t;
    discard_tensor(t);
    return NULL;
}

void discard_tensor(wg_tensor *t)
{
    wg_free(t && t != WG_NONE ? wg_own(t) : NULL);
}
