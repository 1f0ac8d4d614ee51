/* Elements of a file in either byte order. */
#include "elements.h"

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
