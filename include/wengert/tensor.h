/* Tensors: a value, a shape, strides, and, if it was computed on a tape, which output of which node it is.

   Who owns a handle: what is made while a tape is open belongs to that tape and dies with it; what is made with no tape open
   belongs to the caller, who gives it back with wg_free. Functions that make a tensor return NULL on failure and record why. */
#ifndef WENGERT_TENSOR_H
#define WENGERT_TENSOR_H

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An operand absent by choice (a linear layer without bias). NULL always means that something failed. */
#define WG_NONE ((wg_tensor *)&wg_none_)
WG_API extern const struct wg_tensor wg_none_;

/* ---- making values; each is dense and row-major ---- */

/* The dtype of what a pointer points at: float, double, int64_t (long or long long, of 64 bits) or uint8_t. Any other type does not
   compile; wg_read_raw and wg_write_raw take it. */
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

/* A copy of shape's number of elements at data, whose C type gives the dtype: float, double, int64_t or uint8_t.
   Errors: E_NULL, E_SHAPE (rank or an extent out of range, size overflows), E_MEMORY. */
#ifndef __cplusplus
#define wg_from(data, shape) wg_from_bytes((data), WG_DTYPE_AT_((data)), (shape))
#endif
WG_API wg_tensor *wg_from_bytes(const void *data, wg_dtype dtype, wg_shape shape);

WG_API wg_tensor *wg_full(wg_dtype dtype, wg_shape shape, double value);
WG_API wg_tensor *wg_zeros(wg_dtype dtype, wg_shape shape);
WG_API wg_tensor *wg_ones(wg_dtype dtype, wg_shape shape);
WG_API wg_tensor *wg_scalar(wg_dtype dtype, double value); /* rank 0 */

/* ---- looking at them; on NULL or a dead handle these record an error and give 0, NULL or NaN ---- */

WG_API int wg_rank(const wg_tensor *t);
WG_API int64_t wg_extent(const wg_tensor *t, int axis); /* a negative axis counts from the last */
WG_API int64_t wg_stride(const wg_tensor *t, int axis); /* in elements; 0 where the axis is broadcast */
WG_API int64_t wg_numel(const wg_tensor *t);
WG_API wg_dtype wg_dtype_of(const wg_tensor *t);
WG_API wg_shape wg_shape_of(const wg_tensor *t);
WG_API bool wg_is_contiguous(const wg_tensor *t); /* dense and row-major */

/* The first element's address; elements lie by wg_stride. The const one is for reading. The other is for changing a leaf, a constant or a
   view of one, and moves the storage's version: a backward that needs the old value is then an error (WG_E_STALE), never a wrong
   gradient. A value that was computed from a leaf that requires a gradient is not changed (E_STATE; wg_write and ops that change an
   operand refuse it too): its history would be that of the old value. Inside an op's kernel the outputs are written through wg_data_mut
   as well. NULL and an error where there is no value. */
WG_API const void *wg_data(const wg_tensor *t);
WG_API void *wg_data_mut(wg_tensor *t);

/* The only element as a double; NaN, with the error recorded, where the tensor has not exactly one. */
WG_API double wg_item(const wg_tensor *t);

/* The same, and the element type is checked: const float *p = wg_data_as(t, float). E_DTYPE, and NULL, where it does not fit. */
#ifndef __cplusplus
#define wg_data_as(t, type) ((const type *)wg_data_typed((t), WG_DTYPE_AT_((type *)0)))
#define wg_data_mut_as(t, type) ((type *)wg_data_mut_typed((t), WG_DTYPE_AT_((type *)0)))
#endif
WG_API const void *wg_data_typed(const wg_tensor *t, wg_dtype dtype);
WG_API void *wg_data_mut_typed(wg_tensor *t, wg_dtype dtype);

/* Copies all elements, row-major, into data, which has room for wg_numel(t) elements, and back. The C type of data fits t's dtype: float,
   double, int64_t or uint8_t; else E_DTYPE. A write is a change like wg_data_mut's, or changes nothing and says why. */
#ifndef __cplusplus
#define wg_read(t, ...) wg_read_typed((t), (__VA_ARGS__), WG_DTYPE_AT_((__VA_ARGS__)))
#define wg_write(t, ...) \
    wg_write_typed((t), (__VA_ARGS__), WG_DTYPE_AT_((__VA_ARGS__))) /* so that (int64_t[]){1, 2} needs no parentheses */
#endif
WG_API WG_MUST_CHECK wg_status wg_read_typed(const wg_tensor *t, void *data, wg_dtype dtype);
WG_API WG_MUST_CHECK wg_status wg_write_typed(wg_tensor *t, const void *data, wg_dtype dtype);

/* The same where only the program knows what data is: it has room for wg_numel(t) elements of t's dtype. */
WG_API WG_MUST_CHECK wg_status wg_read_raw(const wg_tensor *t, void *data);
WG_API WG_MUST_CHECK wg_status wg_write_raw(wg_tensor *t, const void *data);

/* Do a and b share memory, be it one byte? What lies between a tensor's first element and its last counts as its memory, gaps between
   elements included: two columns of a matrix share memory, two rows do not. */
WG_API bool wg_shares_memory(const wg_tensor *a, const wg_tensor *b);

/* "[32, 10]" into text, as error messages say it; returns text. Cut to size bytes. */
WG_API const char *wg_shape_text(wg_shape shape, char *text, size_t size);

/* ---- owning them ---- */

/* Gives back a tensor that the caller owns; its storage lives on while a tape still needs it. NULL is allowed. A tape's tensor is
   left alone, and E_ARGUMENT recorded; one already freed is E_DANGLING. */
WG_API void wg_free(wg_tensor *t);

/* For what holds on to a tensor of somebody else's, as an optimizer does to its parameters. Until wg_borrow_end(t) the handle is not used for
   another tensor, so that wg_is_live(t) says for certain whether the owner has freed it; if so, every use is E_DANGLING, and the memory
   goes with wg_borrow_end. Returns t, or WG_NONE for a tape's tensor, which dies with its tape all the same; NULL, and the error, for what
   is no live tensor. */
WG_API wg_tensor *wg_borrow(wg_tensor *t);
WG_API void wg_borrow_end(wg_tensor *t);    /* of what wg_borrow returned */
WG_API bool wg_is_live(const wg_tensor *t); /* has a value, in this thread; records no error */

/* Takes the value out of its tape: a new handle, detached, owned by the caller, on the same storage, or, of up to 16 bytes, on a copy
   if they lie in the tape's handle; while a traced tape is open, whose reruns write once more what they wrote, always on a copy.
   Gradients do not flow through it: a leaf that another path reaches has the gradient of that path alone; one that only kept tensors
   lead to is an error when its gradient is asked for. Cost: one walk over the nodes behind t. */
WG_API wg_tensor *wg_keep(wg_tensor *t);

/* Makes t the caller's own: t itself where it is that already, else wg_keep(t), and t is dropped. What is to outlive the open tape is
   made through it, and needs not know whether a tape is open. NULL on failure; t then stays whose it was. */
WG_API wg_tensor *wg_own(wg_tensor *t);

/* Says that nobody reads t again but backward: its memory is given back now, or as soon as backward has read it. Reading it is
   WG_E_RELEASED from here on. For a tape's tensors; NULL and values without a tape are left alone. */
WG_API void wg_drop(wg_tensor *t);

/* Keeps t's value through wg_backward, which otherwise releases all that was computed. Returns t. For a tape's tensors; values without a
   tape are kept anyway and left alone. */
WG_API wg_tensor *wg_hold(wg_tensor *t);

/* Allows the next op that reads t to write its result over t, if nothing else needs the value: no other handle on the storage, no
   other operand of that op that shares its memory, no backward. Returns t, which that op releases either way if it can work in place
   there (.inplace of its struct wg_op, as element-wise ops can); the other ops leave t as it is. */
WG_API wg_tensor *wg_donate(wg_tensor *t);

/* A name for messages and dumps; copied. */
WG_API wg_status wg_set_name(wg_tensor *t, const char *name);
WG_API const char *wg_name_of(const wg_tensor *t); /* "" where there is none */

/* ---- gradients of leaves ---- */

/* Makes t a leaf that wants a gradient, or ends that. t is the caller's own or a value on a tape that needs no gradient otherwise;
   f32 or f64. Returns t, or NULL and the error. No effect of the step: it stays if that fails. */
WG_API wg_tensor *wg_set_requires_grad(wg_tensor *t, bool wanted);
WG_API bool wg_requires_grad(const wg_tensor *t);

/* The gradient that wg_backward accumulated into the leaf; NULL, and no error, where there is none. Borrowed: dense, without a
   graph, valid until the leaf is freed or the gradient consumed or cleared. */
WG_API wg_tensor *wg_gradient(const wg_tensor *leaf);

/* Takes the gradient away, if there is one: on an open tape an effect of the step, undone if that fails; inside an update, at its commit. The
   error, and the gradient as it was: E_STATE (inside a function that is checkpointed), E_MEMORY. */
WG_API void wg_clear_gradient(wg_tensor *leaf);

/* Adds g (same shape and dtype) to the leaf's gradient, as wg_backward does: workers compute with wg_grad on their own tapes, one
   thread adds their results in a fixed order. On an open tape an effect of the step. Nothing changes on failure; E_STATE inside an update
   or a function that is checkpointed. */
WG_API WG_MUST_CHECK wg_status wg_add_gradient(wg_tensor *leaf, const wg_tensor *g);

#ifdef __cplusplus
}
#endif

#endif
