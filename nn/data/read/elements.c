/* Elements of a file in either byte order. */
#include "elements.h"

#include <stdlib.h>

#include "cursor.h"
#include "wengert/error.h"

enum { BLOCK = 256 };

void elements_read(struct element_type type, const unsigned char *bytes, void *elements, int64_t n)
{
    const size_t size = file_dtype_size(type.dtype);
    const wg_dtype to = file_dtype_here(type.dtype);
    if (!type.swapped || size == 1) {
        file_convert(type.dtype, bytes, to, elements, n);
        return;
    }
    unsigned char block[BLOCK * 8];
    for (int64_t at = 0; at < n; at += BLOCK) {
        const int64_t some = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < (size_t)some * size; i++)
            block[i] = bytes[(size_t)at * size + i / size * size + size - 1 - i % size];
        file_convert(type.dtype, block, to, (char *)elements + (size_t)at * wg_dtype_size(to), some);
    }
}

wg_tensor *elements_tensor(struct element_type type, const unsigned char *bytes, wg_shape shape, int64_t n)
{
    const wg_dtype dtype = file_dtype_here(type.dtype);
    void *elements;
    if (!type.swapped && file_same(type.dtype, dtype)) /* one pass over memory in place of two */
        return wg_from_bytes(bytes, dtype, shape);
    wg_tensor *t = new_tensor(dtype, shape, &elements);
    if (t)
        elements_read(type, bytes, elements, n);
    return t;
}

const void *elements_of(const wg_tensor *t, void **buffer, const char *op)
{
    *buffer = NULL;
    if (wg_is_contiguous(t))
        return wg_data(t);
    *buffer = malloc((size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t)) + 1);
    if (!*buffer)
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
    return *buffer && wg_read_raw(t, *buffer) == WG_OK ? *buffer : NULL;
}
