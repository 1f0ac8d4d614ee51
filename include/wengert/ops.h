/* The ops, one line each in ops.def, which states their formulas; this file turns those lines into prototypes. */
#ifndef WENGERT_OPS_H
#define WENGERT_OPS_H

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif
#include <wengert/ops_options.h> /* made by the build from ops.def: for each reduction the macro that takes options */

/* Axes of a reduction: .axis = 1, or .axes = WG_AXES(0, 2), or all of them. Negative axes count from the last. keepdims leaves
   extents of 1 where axes were. correction is read by var and std, p by norm. */
enum { WG_ALL = 127 };
typedef struct wg_axes {
    int count;
    int8_t axis[WG_MAX_RANK];
} wg_axes;
typedef struct wg_reduce_options {
    int axis;
    wg_axes axes;
    bool keepdims;
    double correction, p;
} wg_reduce_options;

#ifndef __cplusplus
#define WG_AXES(...)                            \
    {                                           \
        (int)(sizeof((int8_t[]){__VA_ARGS__})), \
        {                                       \
            __VA_ARGS__                         \
        }                                       \
    }
#endif

/* What becomes of a loss's elements: their mean or sum, the sum divided by the first extent, or each as it is. */
typedef enum wg_reduction { WG_REDUCTION_MEAN, WG_REDUCTION_SUM, WG_REDUCTION_BATCH_MEAN, WG_REDUCTION_NONE } wg_reduction;

/* Of losses on classes: weight (C) or WG_NONE; smoothing in 0 … 1; a label whose rows do not count. */
#define WG_IGNORE_NOTHING INT64_MIN
typedef struct wg_class_options {
    wg_tensor *weight;
    double smoothing;
    int64_t ignore;
    wg_reduction reduction;
} wg_class_options;

typedef struct wg_conv_options {
    wg_pair stride, padding, dilation, output_padding; /* the last for conv_transpose2d, below stride */
    int64_t groups;
} wg_conv_options;

/* adaptive: size is the result's, and the image is divided into that many windows; the rest is not read. */
typedef struct wg_pool_options {
    wg_pair size, stride, padding, dilation;
    bool adaptive;
} wg_pool_options;

#define WG_UNARY(name) WG_API wg_tensor *wg_##name(wg_tensor *x);
#define WG_BINARY(name) WG_API wg_tensor *wg_##name(wg_tensor *a, wg_tensor *b);
#define WG_REDUCTION(name) WG_API wg_tensor *wg_##name##_with(wg_tensor *x, wg_reduce_options options);
#define WG_OP(name, arguments) WG_API wg_tensor *wg_##name arguments;
#define WG_OP_WITH(name, arguments) WG_API wg_tensor *wg_##name##_with arguments;
#define WG_OP_MANY(name, arguments) WG_API wg_status wg_##name arguments;
#define WG_CORE(name)
#include "ops.def"
#undef WG_UNARY
#undef WG_BINARY
#undef WG_REDUCTION
#undef WG_OP
#undef WG_OP_WITH
#undef WG_OP_MANY
#undef WG_CORE

#define wg_conv2d(x, w, b, ...) wg_conv2d_with((x), (w), (b), WG_CONV(__VA_ARGS__))
#define wg_conv2d_relu(x, w, b, ...) wg_conv2d_relu_with((x), (w), (b), WG_CONV(__VA_ARGS__))
#define wg_conv1d(x, w, b, ...) wg_conv1d_with((x), (w), (b), WG_CONV(__VA_ARGS__))
#define wg_conv_transpose2d(x, w, b, ...) wg_conv_transpose2d_with((x), (w), (b), WG_CONV(__VA_ARGS__))
#define WG_CONV(...)                                                                                                       \
    WG_OPTIONS(wg_conv_options, .stride = WG_PAIR(1, 1), .padding = WG_PAIR(0, 0), .dilation = WG_PAIR(1, 1), .groups = 1, \
               __VA_ARGS__)

#define wg_max_pool2d(x, ...) wg_max_pool2d_with((x), WG_POOL(__VA_ARGS__))
#define wg_avg_pool2d(x, ...) wg_avg_pool2d_with((x), WG_POOL(__VA_ARGS__))
#define WG_POOL(...)                                                                                      \
    WG_OPTIONS(wg_pool_options, .size = WG_PAIR(2, 2), .stride = WG_PAIR(2, 2), .padding = WG_PAIR(0, 0), \
               .dilation = WG_PAIR(1, 1), __VA_ARGS__)

#define wg_cross_entropy(logits, target, ...) wg_cross_entropy_with((logits), (target), WG_CLASSES(__VA_ARGS__))
#define wg_nll(logp, labels, ...) wg_nll_with((logp), (labels), WG_CLASSES(__VA_ARGS__))
#define WG_CLASSES(...)                                                                                                          \
    WG_OPTIONS(wg_class_options, .weight = WG_NONE, .smoothing = 0, .ignore = WG_IGNORE_NOTHING, .reduction = WG_REDUCTION_MEAN, \
               __VA_ARGS__)

/* ---- one tensor as several: views, all of them or none. Their gradients go into one sum of x's shape, in time linear in their elements,
   however many they are. Errors: E_NULL, E_ARGUMENT. The parts belong to the tape or, without one, to the caller. ---- */

/* x cut along an axis into n parts of the given sizes, which add up to its extent: parts[i] the i-th. */
WG_API WG_MUST_CHECK wg_status wg_split(wg_tensor *x, int axis, const int64_t *sizes, size_t n, wg_tensor **parts);
/* x cut along an axis into at most n parts of size ceil(extent/n), the last one what is left (an axis without elements gives n parts
   without any). *made is the number of parts; with made NULL it must be n, as it is where n divides the extent. */
WG_API WG_MUST_CHECK wg_status wg_chunk(wg_tensor *x, int axis, size_t n, wg_tensor **parts, size_t *made);
/* The n indices of an axis one by one, n being its extent: parts[i] = wg_select(x, axis, i). */
WG_API WG_MUST_CHECK wg_status wg_unbind(wg_tensor *x, int axis, wg_tensor **parts, size_t n);

#ifdef __cplusplus
}
#endif

#endif
