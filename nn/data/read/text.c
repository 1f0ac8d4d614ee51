/* Texts as tensors of bytes. */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "cursor.h"
#include "wengert/data.h"
#include "wengert/error.h"

static wg_tensor *make(const char *op, const unsigned char *bytes, size_t size, const char *name, const wg_dataset_text_options *o)
{
    void *elements;
    if (o->dtype != WG_U8 && o->dtype != WG_I64) {
        (void)wg_error_set(WG_E_DTYPE, op, "%s: expected .dtype u8 or i64, got %s", op, wg_dtype_name(o->dtype));
        return NULL;
    }
    if (size > o->max_bytes) {
        (void)wg_error_set(WG_E_IO, op, "%s: %s has more than %zu bytes (see .max_bytes)", op, name, o->max_bytes);
        return NULL;
    }
    wg_tensor *t = new_tensor(o->dtype, WG_SHAPE((int64_t)size), &elements);
    if (t && size > 0 && o->dtype == WG_U8)
        memcpy(elements, bytes, size);
    for (size_t i = 0; t && i < size && o->dtype == WG_I64; i++)
        ((int64_t *)elements)[i] = bytes[i];
    return t;
}

wg_tensor *wg_dataset_read_text_with(const char *path, wg_dataset_text_options options)
{
    const char *op = "dataset_read_text";
    struct bytes bytes;
    wg_tensor *t = NULL;
    if (bytes_read(&bytes, path, options.max_bytes, true, op) == WG_OK)
        t = make(op, bytes.data, bytes.size, path, &options);
    free(bytes.data);
    return t;
}

wg_tensor *wg_dataset_parse_text_with(const void *bytes, size_t size, const char *name, wg_dataset_text_options options)
{
    const char *op = "dataset_parse_text";
    if (bytes && name)
        return make(op, bytes, size, name, &options);
    (void)wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, bytes ? "name is" : "bytes are");
    return NULL;
}
