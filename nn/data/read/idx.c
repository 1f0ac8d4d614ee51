/* IDX: 0, 0, the type, the rank, an extent of 32 bits for each axis, then the elements; all big-endian. */
#include "idx.h"

#include <stdlib.h>

#include "bytes.h"
#include "wengert/data.h"
#include "wengert/error.h"

static bool find_type(unsigned char code, struct element_type *type)
{
    static const struct {
        unsigned char code;
        enum file_dtype dtype;
    } types[] = {{0x08, FILE_U8}, {0x09, FILE_I8}, {0x0b, FILE_I16}, {0x0c, FILE_I32}, {0x0d, FILE_F32}, {0x0e, FILE_F64}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].code == code) {
            *type = (struct element_type){types[i].dtype, .swapped = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__};
            return true;
        }
    return false;
}

wg_status idx_check(struct cursor *c, struct idx *idx)
{
    const unsigned char *head, *extents;
    size_t bytes;
    WG_TRY(cursor_take(c, 4, "an IDX header", &head));
    if (head[0] != 0 || head[1] != 0)
        return cursor_wrong(c, 0, "expected an IDX file, which begins with two bytes that are 0");
    if (!find_type(head[2], &idx->type))
        return cursor_wrong(c, 2, "expected the type 08, 09, 0B, 0C, 0D or 0E, got %02X", head[2]);
    if (head[3] > WG_MAX_RANK)
        return cursor_wrong(c, 3, "expected at most %d axes, got %d", WG_MAX_RANK, head[3]);
    WG_TRY(cursor_take(c, 4 * (size_t)head[3], "extents", &extents));
    idx->shape = (wg_shape){.rank = head[3]};
    for (int i = 0; i < idx->shape.rank; i++)
        idx->shape.extent[i] = (int64_t)big_endian(extents + 4 * i, 4);
    if (!checked_bytes(&idx->shape, file_dtype_size(idx->type.dtype), &bytes))
        return cursor_wrong(c, 4, "the product of the extents is beyond 63 bits");
    idx->numel = (int64_t)(bytes / file_dtype_size(idx->type.dtype));
    WG_TRY(cursor_take(c, bytes, "elements", &idx->elements));
    return cursor_end(c);
}

static wg_tensor *parse(const char *op, const void *bytes, size_t size, const char *name)
{
    struct cursor c = {.bytes = bytes, .size = size, .op = op, .name = name};
    struct idx idx;
    return idx_check(&c, &idx) == WG_OK ? elements_tensor(idx.type, idx.elements, idx.shape, idx.numel) : NULL;
}

wg_tensor *wg_dataset_read_idx_with(const char *path, wg_dataset_read_options options)
{
    const char *op = "dataset_read_idx";
    struct bytes bytes;
    wg_tensor *t = NULL;
    if (bytes_read(&bytes, path, options.max_bytes, true, op) == WG_OK)
        t = parse(op, bytes.data, bytes.size, path);
    free(bytes.data);
    return t;
}

wg_tensor *wg_dataset_parse_idx(const void *bytes, size_t size, const char *name)
{
    const char *op = "dataset_parse_idx";
    if (bytes && name)
        return parse(op, bytes, size, name);
    (void)wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, bytes ? "name is" : "bytes are");
    return NULL;
}
