/* Arrays of NumPy, one in a file. */
#include "npy.h"

#include <stdlib.h>

#include "../../file/replace.h"
#include "bytes.h"
#include "wengert/data.h"
#include "wengert/error.h"

/* In row-major order, from elements whose first index runs fastest. */
static void read_fortran(const struct npy *npy, char *to)
{
    const size_t size = file_dtype_size(npy->type.dtype), size_here = wg_dtype_size(file_dtype_here(npy->type.dtype));
    int64_t index[WG_MAX_RANK] = {0}, stride[WG_MAX_RANK], from = 0, product = 1;
    for (int axis = 0; axis < npy->shape.rank; axis++) {
        stride[axis] = product;
        product *= npy->shape.extent[axis];
    }
    for (int64_t i = 0; i < npy->numel; i++) {
        elements_read(npy->type, npy->elements + (size_t)from * size, to + (size_t)i * size_here, 1);
        for (int axis = npy->shape.rank - 1; axis >= 0; axis--) { /* the next index */
            from += stride[axis];
            if (++index[axis] < npy->shape.extent[axis])
                break;
            from -= stride[axis] * npy->shape.extent[axis];
            index[axis] = 0;
        }
    }
}

wg_tensor *npy_tensor(const struct npy *npy)
{
    void *elements;
    if (!npy->fortran)
        return elements_tensor(npy->type, npy->elements, npy->shape, npy->numel);
    wg_tensor *t = new_tensor(file_dtype_here(npy->type.dtype), npy->shape, &elements);
    if (t)
        read_fortran(npy, elements);
    return t;
}

static wg_tensor *parse(const char *op, const void *bytes, size_t size, const char *name)
{
    struct cursor c = {.bytes = bytes, .size = size, .op = op, .name = name};
    struct npy npy;
    return npy_check(&c, &npy) == WG_OK ? npy_tensor(&npy) : NULL;
}

wg_tensor *wg_dataset_read_npy_with(const char *path, wg_dataset_read_options options)
{
    const char *op = "dataset_read_npy";
    struct bytes bytes;
    wg_tensor *t = NULL;
    if (bytes_read(&bytes, path, options.max_bytes, false, op) == WG_OK)
        t = parse(op, bytes.data, bytes.size, path);
    free(bytes.data);
    return t;
}

wg_tensor *wg_dataset_parse_npy(const void *bytes, size_t size, const char *name)
{
    const char *op = "dataset_parse_npy";
    if (bytes && name)
        return parse(op, bytes, size, name);
    (void)wg_error_set(WG_E_NULL, op, "%s: the %s NULL", op, bytes ? "name is" : "bytes are");
    return NULL;
}

static wg_status write_file(struct replacement *r, const wg_tensor *t, const void *elements)
{
    char header[NPY_MAX_HEADER];
    WG_TRY(replace_begin(r, r->path, r->op));
    WG_TRY(replace_write(r, header, npy_header(t, header)));
    WG_TRY(replace_write(r, elements, (size_t)wg_numel(t) * wg_dtype_size(wg_dtype_of(t))));
    return replace_commit(r);
}

wg_status wg_dataset_write_npy(const char *path, const wg_tensor *t)
{
    const char *op = "dataset_write_npy";
    if (!path || !t)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, path ? "tensor" : "path");
    const char *name = "the tensor";
    wg_tensor *listed = (wg_tensor *)(uintptr_t)t; /* a list's tensors are not const; it is only read */
    WG_TRY(file_check_list((wg_tensor_list){1, &listed, &name}, op));
    struct replacement r = {.path = path, .op = op, .folder = -1, .descriptor = -1};
    void *buffer;
    const void *elements = elements_of(t, &buffer, op);
    const wg_status status = elements ? write_file(&r, t, elements) : wg_error_if_null(NULL);
    replace_end(&r);
    free(buffer);
    return status;
}
