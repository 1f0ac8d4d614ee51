/* Tensors: a value with its dtype, shape and strides and, if it was computed on a tape, the node and output that it is.

   Ownership of handles: a tensor made while a tape is open belongs to that tape and ends with it. A tensor made with no tape
   open belongs to the caller, who frees it with wg_free. Functions that make a tensor return NULL on failure and record the
   error. */
#ifndef WENGERT_TENSOR_H
#define WENGERT_TENSOR_H

#include <stdio.h>

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* An operand that is deliberately absent, such as the bias of a linear layer without bias. NULL, in contrast, always means that
   something failed. */
#define WG_NONE ((wg_tensor *)&wg_none_)
WG_API extern const struct wg_tensor wg_none_;

/* Named tensors. Borrowed: valid until the module or optimizer that gave the list changes or is destroyed. */
typedef struct wg_tensor_list {
    size_t n;
    wg_tensor *const *tensor;
    const char *const *name; /* "0.weight": the path of children, then the tensor's own name; NULL: there are no names */
} wg_tensor_list;

/* ---- creating tensors; each is dense and row-major ---- */

/* The dtype of a pointer's target: float, double, int64_t (long or long long of 64 bits) or uint8_t. Any other type is a
   compile-time error; wg_read_raw and wg_write_raw accept any pointer. */
/* clang-format off */
#ifndef __cplusplus
#define WG_DTYPE_AT_(pointer)                                            \
    _Generic((pointer),                                                  \
        float *: WG_F32, const float *: WG_F32,                          \
        double *: WG_F64, const double *: WG_F64,                        \
        long *: WG_DTYPE_OF_LONG_, const long *: WG_DTYPE_OF_LONG_,      \
        long long *: WG_I64, const long long *: WG_I64,                  \
        unsigned char *: WG_U8, const unsigned char *: WG_U8)
#endif
/* clang-format on */
#define WG_DTYPE_OF_LONG_ (sizeof(long) == 8 ? WG_I64 : (wg_dtype)-1)

/* A tensor of the given shape with a copy of the elements at data. The C type of data gives the dtype: float, double, int64_t or
   uint8_t.
   Errors: E_NULL; E_SHAPE (rank or an extent out of range, size overflows); E_MEMORY. */
#ifndef __cplusplus
#define wg_from(data, shape) wg_from_bytes((data), WG_DTYPE_AT_((data)), (shape))
#endif
WG_API wg_tensor *wg_from_bytes(const void *data, wg_dtype dtype, wg_shape shape);

WG_API wg_tensor *wg_full(wg_dtype dtype, wg_shape shape, double value);
WG_API wg_tensor *wg_zeros(wg_dtype dtype, wg_shape shape);
WG_API wg_tensor *wg_ones(wg_dtype dtype, wg_shape shape);
WG_API wg_tensor *wg_scalar(wg_dtype dtype, double value); /* rank 0 */

/* ---- properties; on NULL or a dead handle these functions record an error and return 0, NULL or NaN ---- */

WG_API int wg_rank(const wg_tensor *t);
WG_API int64_t wg_extent(const wg_tensor *t, int axis); /* a negative axis counts from the last one */
WG_API int64_t wg_stride(const wg_tensor *t, int axis); /* in elements; 0 along a broadcast axis */
WG_API int64_t wg_numel(const wg_tensor *t);
WG_API wg_dtype wg_dtype_of(const wg_tensor *t);
WG_API wg_shape wg_shape_of(const wg_tensor *t);
WG_API bool wg_is_contiguous(const wg_tensor *t); /* dense and row-major */

/* The address of the first element; the other elements follow at the distances that wg_stride gives. wg_data is for reading.
   wg_data_mut is for changing a leaf, a constant or a view of one, and increments the storage's version: a later backward that
   requires the old value then fails with WG_E_STALE and never gives a wrong gradient. A value computed from a leaf that requires
   a gradient cannot be changed (E_STATE; also by wg_write and by ops that change an operand), because its history would be that
   of the old value. The kernel of an op, too, writes its outputs through wg_data_mut. Both return NULL and record an error if
   the tensor has no value. */
WG_API const void *wg_data(const wg_tensor *t);
WG_API void *wg_data_mut(wg_tensor *t);

/* The only element as a double. Returns NaN and records an error if the tensor does not have exactly one element. */
WG_API double wg_item(const wg_tensor *t);

/* wg_data and wg_data_mut with a check of the element type: const float *p = wg_data_as(t, float). If the type does not match
   the dtype, they return NULL and record E_DTYPE. */
#ifndef __cplusplus
#define wg_data_as(t, type) ((const type *)wg_data_typed((t), WG_DTYPE_AT_((type *)0)))
#define wg_data_mut_as(t, type) ((type *)wg_data_mut_typed((t), WG_DTYPE_AT_((type *)0)))
#endif
WG_API const void *wg_data_typed(const wg_tensor *t, wg_dtype dtype);
WG_API void *wg_data_mut_typed(wg_tensor *t, wg_dtype dtype);

/* Copies all elements in row-major order between t and data, which has space for wg_numel(t) elements: wg_read from t into data,
   wg_write from data into t. The C type of data must match t's dtype (float, double, int64_t or uint8_t); otherwise E_DTYPE.
   wg_write is a change as by wg_data_mut, with the same errors; on failure nothing has changed. */
#ifndef __cplusplus
#define wg_read(t, ...) wg_read_typed((t), (__VA_ARGS__), WG_DTYPE_AT_((__VA_ARGS__)))
#define wg_write(t, ...) \
    wg_write_typed((t), (__VA_ARGS__), WG_DTYPE_AT_((__VA_ARGS__))) /* lets (int64_t[]){1, 2} be passed without parentheses */
#endif
WG_API WG_MUST_CHECK wg_status wg_read_typed(const wg_tensor *t, void *data, wg_dtype dtype);
WG_API WG_MUST_CHECK wg_status wg_write_typed(wg_tensor *t, const void *data, wg_dtype dtype);

/* wg_read and wg_write for data whose type is known to the program only. data has space for wg_numel(t) elements of t's dtype. */
WG_API WG_MUST_CHECK wg_status wg_read_raw(const wg_tensor *t, void *data);
WG_API WG_MUST_CHECK wg_status wg_write_raw(wg_tensor *t, const void *data);

/* True if a and b share memory, even a single byte; false, and the error recorded, on NULL or a dead handle. The memory of a tensor is everything between its first and its last element,
   including gaps between elements: two columns of a matrix share memory, two rows do not. */
WG_API bool wg_shares_memory(const wg_tensor *a, const wg_tensor *b);

/* Writes a shape into text as error messages show it, "[32, 10]", cut to size bytes; returns text. */
WG_API const char *wg_shape_text(wg_shape shape, char *text, size_t size);

/* Writes t and a newline to stream, as print(array) does in NumPy 1.24 with its default options: brackets, columns that are
   aligned, lines of 75 characters. Floats have the fewest digits that read back as the same element, at most 8 behind the point
   (at rank 0 all of them); all elements are in scientific notation if one is 1e8 or more, one other than 0 is below 1e-4, or
   their magnitudes differ by more than a factor of 1000. Of a tensor of more than 1000 elements only the first and last three
   entries of each axis are written. Any strides. Allocates nothing; the cost is that of the elements that are written.
   Errors: E_NULL; E_ARGUMENT (WG_NONE); E_RELEASED, E_DANGLING, E_THREAD; E_STATE inside a capture that does not allow reading t;
   E_IO if writing to the stream fails, of which a part may have been written. */
WG_API WG_MUST_CHECK wg_status wg_print(const wg_tensor *t, FILE *stream);

/* ---- ownership ---- */

/* Frees a tensor that the caller owns; its storage lives on while a tape still uses it. NULL is allowed. A tape's tensor and one
   that an object has adopted are left unchanged, and E_ARGUMENT is recorded; a tensor that was freed before is E_DANGLING. */
WG_API void wg_free(wg_tensor *t);

/* For an object that owns tensors, as a module owns its parameters. The first wg_adopt takes t over from the caller, who no longer
   frees it; a tape's tensor is taken out of its tape (wg_own). Each further wg_adopt, by the same object or another, adds an owner,
   so objects may share a tensor. Each owner ends with wg_disown(t), the last of which frees t; NULL is allowed. wg_owners(t) is
   their number, 0 for a tensor of a tape or of the caller. wg_adopt returns the tensor that it owns, which is t unless t belonged to
   a tape; on failure NULL, and t keeps its owner. E_ARGUMENT: t is a gradient, which belongs to its leaf; errors of wg_own. */
WG_API wg_tensor *wg_adopt(wg_tensor *t);
WG_API void wg_disown(wg_tensor *t);
WG_API int wg_owners(const wg_tensor *t);

/* For an object that refers to tensors of another owner, as an optimizer does to its parameters. Until wg_borrow_end(t) the
   handle is not reused for another tensor, so wg_is_live(t) reliably says whether the owner has freed it. If the owner has,
   every use is E_DANGLING, and the memory is freed by wg_borrow_end. Returns t, or WG_NONE for a tape's tensor, which ends with
   its tape in any case. If t is no live tensor it returns NULL and records the error. */
WG_API wg_tensor *wg_borrow(wg_tensor *t);
WG_API void wg_borrow_end(wg_tensor *t);    /* expects the result of wg_borrow */
WG_API bool wg_is_live(const wg_tensor *t); /* has a value, in this thread; records no error */

/* Takes a value out of its tape: returns a new, detached handle that the caller owns. It shares the storage of t. It has a copy
   instead if the value has at most 16 bytes and they are stored in the tape's handle, and always while a traced tape is open,
   because a rerun of that tape writes its values again.
   No gradient flows through the new handle. A leaf that is also reached by another path receives the gradient of that path
   alone; for a leaf that is reached only through kept tensors, a request for its gradient is an error. Cost: one pass over the
   nodes behind t. */
WG_API wg_tensor *wg_keep(wg_tensor *t);

/* Makes t the caller's own: returns t itself if the caller owns it already, otherwise wg_keep(t), and t is dropped. Use it for a
   tensor that must outlive the open tape, whether or not a tape is open. On failure it returns NULL, and t keeps its owner. */
WG_API wg_tensor *wg_own(wg_tensor *t);

/* Declares that only backward will read t again. Its memory is freed now or as soon as backward has read it; from here on
   reading t is WG_E_RELEASED. It applies to a tape's tensors; NULL and values without a tape are left unchanged. */
WG_API void wg_drop(wg_tensor *t);

/* Keeps t's value through wg_backward, which otherwise releases every computed value. Returns t. It applies to a tape's tensors;
   values without a tape are kept anyway and left unchanged. */
WG_API wg_tensor *wg_hold(wg_tensor *t);

/* Allows the next op that reads t to write its result over t, provided that nothing else uses the value: no other handle on the
   storage, no other operand of that op that shares its memory, no backward. Returns t. An op that can work in place there
   (.inplace of its struct wg_op; element-wise ops can) releases t in either case. All other ops leave t as it is. */
WG_API wg_tensor *wg_donate(wg_tensor *t);

/* Sets the name that messages and dumps show. The name is copied. */
WG_API wg_status wg_set_name(wg_tensor *t, const char *name);
WG_API const char *wg_name_of(const wg_tensor *t); /* "" if t has no name */

/* ---- gradients of leaves ---- */

/* Makes t a leaf that requires a gradient (wanted true), or ends that (false). t is the caller's own, or a value on a tape that
   does not require a gradient for another reason; f32 or f64. Returns t, or NULL and records the error. This is not an effect of
   the step: it remains if the step fails. */
WG_API wg_tensor *wg_set_requires_grad(wg_tensor *t, bool requires_grad);
WG_API bool wg_requires_grad(const wg_tensor *t); /* false, and the error recorded, on NULL or a dead handle; of WG_NONE false */

/* The gradient that wg_backward accumulated into the leaf; NULL, without an error, if there is none. The handle is borrowed:
   dense, without a graph, valid until the leaf is freed or the gradient is consumed or cleared. */
WG_API wg_tensor *wg_gradient(const wg_tensor *leaf);

/* Removes the leaf's gradient, if there is one. On an open tape this is an effect of the step and undone if the step fails;
   inside an update it happens at the commit. On failure the error is recorded and the gradient is unchanged: E_STATE (inside a
   checkpointed function), E_MEMORY. */
WG_API void wg_clear_gradient(wg_tensor *leaf);

/* Adds g (same shape and dtype) to the leaf's gradient, as wg_backward does. Use: workers compute gradients with wg_grad on
   their own tapes, and one thread adds their results in a fixed order. On an open tape this is an effect of the step. On failure
   nothing has changed. E_STATE inside an update or a checkpointed function. */
WG_API WG_MUST_CHECK wg_status wg_add_gradient(wg_tensor *leaf, const wg_tensor *g);

#ifdef __cplusplus
}
#endif

#endif
