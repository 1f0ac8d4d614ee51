/* The headers' macros for C++17: the same calls, with options in any order. base.h includes this file.

   WG_SIZES is valid until the end of its full expression. A user's own op (struct wg_op, WG_SAMPLES) must be written in C, because C++ accepts designated
   initialisers in the order of declaration only. Tapes and modes end with their block, also when an exception leaves it; no
   exception may pass through a function of the library. */
#ifndef WENGERT_CPLUSPLUS_H
#define WENGERT_CPLUSPLUS_H

#ifdef __cplusplus

#include <stdio.h>

#include "base.h"

struct wg_axes;
typedef struct wg_nn_module wg_nn_module;
struct wg_nn_call;

/* Creates a struct and assigns each option to its member in turn: first the defaults, then the caller's options. */
#define WG_OPTIONS(type, ...) WG_OPTIONS_FROM(type, type(), __VA_ARGS__)
/* The same, in place of the defaults from a value that has them: for structs of more than 32 options. */
#define WG_OPTIONS_FROM(type, value, ...) WG_OPTIONS_AS_(WG_PASTE_(wg_options_, __COUNTER__), type, value, __VA_ARGS__)
#define WG_OPTIONS_AS_(name, type, value, ...) \
    __extension__({                            \
        type name = value;                     \
        WG_ASSIGN_(name, __VA_ARGS__) name;    \
    })
#define WG_PASTE_(a, b) WG_PASTE_NOW_(a, b)
#define WG_PASTE_NOW_(a, b) a##b
#define WG_ASSIGN_(name, ...) WG_PASTE_(WG_ASSIGN_, WG_COUNT_(__VA_ARGS__))(name, __VA_ARGS__)
#define WG_COUNT_(...)                                                                                                            \
    WG_COUNTED_(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, \
                6, 5, 4, 3, 2, 1, 0)
#define WG_COUNTED_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24, \
                    a25, a26, a27, a28, a29, a30, a31, a32, n, ...)                                                                \
    n
#define WG_ASSIGN_1(name, option) static_cast<void>(name option);
#define WG_ASSIGN_2(name, option, ...) \
    static_cast<void>(name option);    \
    WG_ASSIGN_1(name, __VA_ARGS__)
#define WG_ASSIGN_3(name, option, ...) \
    static_cast<void>(name option);    \
    WG_ASSIGN_2(name, __VA_ARGS__)
#define WG_ASSIGN_4(name, option, ...) \
    static_cast<void>(name option);    \
    WG_ASSIGN_3(name, __VA_ARGS__)
#define WG_ASSIGN_5(name, option, ...) \
    static_cast<void>(name option);    \
    WG_ASSIGN_4(name, __VA_ARGS__)
#define WG_ASSIGN_6(name, option, ...) \
    static_cast<void>(name option);    \
    WG_ASSIGN_5(name, __VA_ARGS__)
#define WG_ASSIGN_7(name, option, ...) \
    static_cast<void>(name option);    \
    WG_ASSIGN_6(name, __VA_ARGS__)
#define WG_ASSIGN_8(name, option, ...) \
    static_cast<void>(name option);    \
    WG_ASSIGN_7(name, __VA_ARGS__)
#define WG_ASSIGN_9(name, option, ...) \
    static_cast<void>(name option);    \
    WG_ASSIGN_8(name, __VA_ARGS__)
#define WG_ASSIGN_10(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_9(name, __VA_ARGS__)
#define WG_ASSIGN_11(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_10(name, __VA_ARGS__)
#define WG_ASSIGN_12(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_11(name, __VA_ARGS__)
#define WG_ASSIGN_13(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_12(name, __VA_ARGS__)
#define WG_ASSIGN_14(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_13(name, __VA_ARGS__)
#define WG_ASSIGN_15(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_14(name, __VA_ARGS__)
#define WG_ASSIGN_16(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_15(name, __VA_ARGS__)
#define WG_ASSIGN_17(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_16(name, __VA_ARGS__)
#define WG_ASSIGN_18(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_17(name, __VA_ARGS__)
#define WG_ASSIGN_19(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_18(name, __VA_ARGS__)
#define WG_ASSIGN_20(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_19(name, __VA_ARGS__)
#define WG_ASSIGN_21(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_20(name, __VA_ARGS__)
#define WG_ASSIGN_22(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_21(name, __VA_ARGS__)
#define WG_ASSIGN_23(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_22(name, __VA_ARGS__)
#define WG_ASSIGN_24(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_23(name, __VA_ARGS__)
#define WG_ASSIGN_25(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_24(name, __VA_ARGS__)
#define WG_ASSIGN_26(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_25(name, __VA_ARGS__)
#define WG_ASSIGN_27(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_26(name, __VA_ARGS__)
#define WG_ASSIGN_28(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_27(name, __VA_ARGS__)
#define WG_ASSIGN_29(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_28(name, __VA_ARGS__)
#define WG_ASSIGN_30(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_29(name, __VA_ARGS__)
#define WG_ASSIGN_31(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_30(name, __VA_ARGS__)
#define WG_ASSIGN_32(name, option, ...) \
    static_cast<void>(name option);     \
    WG_ASSIGN_31(name, __VA_ARGS__)

#define WG_SHAPE(...) wg_shape_from_(__VA_ARGS__)
#define WG_SCALAR wg_shape()
#define WG_NO_EXTENTS wg_shape()
#define WG_SIZES(...) wg_sizes_from_(__VA_ARGS__)
#define WG_MILESTONES(...) wg_milestones_from_(__VA_ARGS__)
#define WG_NO_MILESTONES wg_milestones()
#define WG_TEXTS(...) wg_texts_from_<wg_file_texts>(__VA_ARGS__)
#define WG_NO_TEXTS wg_file_texts()
#define WG_PAIR(rows, columns) wg_pair_from_(rows, columns)
#define WG_TRIPLE(depth, rows, columns) wg_triple_from_(depth, rows, columns)
#define WG_AXES(...) wg_axes_from_<wg_axes>(__VA_ARGS__)

/* Functions that derive the dtype from the element's C++ type. */
#define wg_from(data, shape) wg_from_((data), (shape))
#define wg_read(t, data) wg_read_((t), (data))
#define wg_write(t, data) wg_write_((t), (data))
#define wg_data_as(t, type) (static_cast<const type *>(wg_data_typed((t), wg_element_<type>::dtype)))
#define wg_data_mut_as(t, type) (static_cast<type *>(wg_data_mut_typed((t), wg_element_<type>::dtype)))
/* Braces, because their elements are evaluated in order, as in C, and arguments are not. */
#define wg_nn_sequential(...) wg_sequential_({__VA_ARGS__})
#define WG_NN_MODULES(...) wg_modules_from_<wg_nn_module_list>({__VA_ARGS__})
#define wg_nn_apply(net, ...) wg_apply_((net), __VA_ARGS__)
#define wg_nn_apply_child(call, index, ...) wg_apply_child_((call), (index), __VA_ARGS__)
#define wg_nn_print(net, ...) wg_print_((net), __VA_ARGS__)

extern "C" {
WG_API wg_tensor *wg_from_bytes(const void *data, wg_dtype dtype, wg_shape shape);
WG_API WG_MUST_CHECK wg_status wg_read_typed(const wg_tensor *t, void *data, wg_dtype dtype);
WG_API WG_MUST_CHECK wg_status wg_write_typed(wg_tensor *t, const void *data, wg_dtype dtype);
WG_API wg_nn_module *wg_nn_sequential_with(wg_nn_module *const *layers, size_t n);
WG_API wg_tensor *wg_nn_apply_to(const wg_nn_module *net, wg_tensor *const *in, size_t n_in);
WG_API wg_tensor *wg_nn_apply_child_to(const wg_nn_call *call, size_t index, wg_tensor *const *in, size_t n_in);
WG_API WG_MUST_CHECK wg_status wg_nn_print_with(const wg_nn_module *net, FILE *stream, const wg_shape *in, size_t n_in);
}

extern "C++" { /* also if a program includes Wengert inside extern "C" */
template <class... Extent> inline wg_shape wg_shape_from_(Extent... extent)
{
    static_assert(sizeof...(extent) <= WG_MAX_RANK, "at most 8 extents");
    return {static_cast<int>(sizeof...(extent)), {static_cast<int64_t>(extent)...}};
}

template <size_t n> struct wg_sizes_list_ {
    int64_t size[n];
    operator wg_sizes() const
    {
        return {static_cast<int>(n), size};
    }
};

template <class... Size> inline wg_sizes_list_<sizeof...(Size)> wg_sizes_from_(Size... size)
{
    return {{static_cast<int64_t>(size)...}};
}

template <class... Step> inline wg_milestones wg_milestones_from_(Step... step)
{
    static_assert(sizeof...(step) <= WG_MAX_MILESTONES, "at most 16 steps");
    return {nullptr, static_cast<int>(sizeof...(step)), {static_cast<int64_t>(step)...}};
}

template <class Texts, class... String> inline Texts wg_texts_from_(String... string)
{
    static_assert(sizeof...(string) <= 32, "at most 16 texts");
    return {nullptr, sizeof...(string), {string...}};
}

template <class Rows, class Columns> inline wg_pair wg_pair_from_(Rows rows, Columns columns)
{
    return {nullptr, {static_cast<int64_t>(rows), static_cast<int64_t>(columns)}};
}

template <class Depth, class Rows, class Columns> inline wg_triple wg_triple_from_(Depth depth, Rows rows, Columns columns)
{
    return {nullptr, {static_cast<int64_t>(depth), static_cast<int64_t>(rows), static_cast<int64_t>(columns)}};
}

template <class Axes, class... Axis> inline Axes wg_axes_from_(Axis... axis)
{
    static_assert(sizeof...(axis) <= WG_MAX_RANK, "at most 8 axes");
    return {nullptr, static_cast<int>(sizeof...(axis)), {static_cast<int8_t>(axis)...}};
}

/* Left undefined for types that are no dtype, so that these do not compile. */
template <class T> struct wg_element_;
template <> struct wg_element_<float> {
    static constexpr wg_dtype dtype = WG_F32;
};
template <> struct wg_element_<double> {
    static constexpr wg_dtype dtype = WG_F64;
};
template <> struct wg_element_<long long> {
    static constexpr wg_dtype dtype = WG_I64;
};
template <> struct wg_element_<unsigned char> {
    static constexpr wg_dtype dtype = WG_U8;
};
#if __SIZEOF_LONG__ == 8
template <> struct wg_element_<long> {
    static constexpr wg_dtype dtype = WG_I64;
};
#endif

template <class T> inline wg_tensor *wg_from_(const T *data, wg_shape shape)
{
    return wg_from_bytes(data, wg_element_<T>::dtype, shape);
}

template <class T> WG_MUST_CHECK inline wg_status wg_read_(const wg_tensor *t, T *data)
{
    return wg_read_typed(t, data, wg_element_<T>::dtype);
}

template <class T> WG_MUST_CHECK inline wg_status wg_write_(wg_tensor *t, const T *data)
{
    return wg_write_typed(t, data, wg_element_<T>::dtype);
}

template <class List, size_t n> inline List wg_modules_from_(wg_nn_module *const (&modules)[n])
{
    return {n, modules};
}

template <size_t n> inline wg_nn_module *wg_sequential_(wg_nn_module *const (&layers)[n])
{
    return wg_nn_sequential_with(layers, n);
}

template <class... Tensor> inline wg_tensor *wg_apply_(const wg_nn_module *net, Tensor... tensor)
{
    wg_tensor *const in[] = {tensor...};
    return wg_nn_apply_to(net, in, sizeof...(tensor));
}

template <class... Tensor> inline wg_tensor *wg_apply_child_(const wg_nn_call *call, size_t index, Tensor... tensor)
{
    wg_tensor *const in[] = {tensor...};
    return wg_nn_apply_child_to(call, index, in, sizeof...(tensor));
}

template <class... Shape> WG_MUST_CHECK inline wg_status wg_print_(const wg_nn_module *net, FILE *stream, Shape... shape)
{
    const wg_shape in[] = {wg_shape(), shape...}; /* the first one is left out: a list in braces is not empty */
    return wg_nn_print_with(net, stream, in + 1, sizeof...(shape));
}
}

#endif
#endif
