/* Integer parameters of ops at the limits of their type. The op refuses the value with its own message, or accepts it and has a
   finite gradient; UBSan finds overflows. An op with such a parameter that is in no list fails the test. */
#include <limits.h>

#include "common.h"
#include "op_arguments.h"

static wg_tensor *x, *y, *row, *image, *kernel, *labels, *generator, *line, *filter, *volume, *box;

/* From the value v; axes are int. */
#define AXIS(v) ((v) < INT_MIN ? INT_MIN : (v) > INT_MAX ? INT_MAX : (int)(v))
#define PAIR(v) WG_SIZES(1, v)
#define WINDOW(parameter) wg_conv2d(image, kernel, WG_NONE, .parameter = WG_PAIR(1, v))
#define POOLED(pool, parameter) pool(image, .parameter = WG_PAIR(2, v))
static const wg_conv_options plain = {.stride = WG_PAIR(1, 1), .dilation = WG_PAIR(1, 1), .groups = 1};
static const wg_avg_pool_options pools = {.size = WG_PAIR(2, 2), .dilation = WG_PAIR(1, 1), .count_include_pad = true};

static wg_tensor *first_of(wg_status status, wg_tensor *const *parts)
{
    return status == WG_OK ? parts[0] : NULL;
}

static wg_tensor *split_by(int64_t v, int axis)
{
    wg_tensor *parts[2];
    return first_of(wg_split(x, axis, (const int64_t[]){v, 3}, 2, parts), parts);
}

static wg_tensor *chunk_by(int64_t v, int axis)
{
    wg_tensor *parts[4];
    size_t made;
    return first_of(wg_chunk(x, axis, (size_t)v, parts, &made), parts);
}

static wg_tensor *unbind_by(int64_t v, int axis)
{
    wg_tensor *parts[4];
    return first_of(wg_unbind(x, axis, parts, (size_t)v), parts);
}

static wg_tensor *updated_by(int64_t v)
{
    return wg_running_variance_update(row, row, 0.5, v) == WG_OK ? row : NULL;
}

static wg_tensor *sorted_by(int64_t v, bool all)
{
    return all ? wg_sort(x, .axis = AXIS(v)) : wg_topk(x, v, .axis = 0);
}

static wg_tensor *over(int64_t v)
{
    return wg_sum(x, .axis = AXIS(v));
}

/* As CALLS below, of convolution, pooling and resampling: line is (1, 2, 5), filter (2, 2, 2), volume (1, 2, 3, 3, 2), box (2, 2, 2, 2, 2). */
#define WINDOW_CALLS(X)                                                                                                        \
    X(conv3d, wg_conv3d(volume, box, WG_NONE, .stride = WG_TRIPLE(v, 1, 1)))                                                   \
    X(conv3d, wg_conv3d(volume, box, WG_NONE, .padding = WG_TRIPLE(v, 1, 1)))                                                  \
    X(conv3d, wg_conv3d(volume, box, WG_NONE, .dilation = WG_TRIPLE(v, 1, 1)))                                                 \
    X(conv3d, wg_conv3d(volume, box, WG_NONE, .padding = WG_TRIPLE(1, 1, v)))                                                  \
    X(conv3d, wg_conv3d(volume, box, WG_NONE, .groups = v))                                                                    \
    X(conv_transpose1d, wg_conv_transpose1d(line, filter, WG_NONE, .stride = v))                                               \
    X(conv_transpose1d, wg_conv_transpose1d(line, filter, WG_NONE, .padding = v))                                              \
    X(conv_transpose1d, wg_conv_transpose1d(line, filter, WG_NONE, .dilation = v))                                             \
    X(conv_transpose1d, wg_conv_transpose1d(line, filter, WG_NONE, .output_padding = v))                                       \
    X(conv_transpose1d, wg_conv_transpose1d(line, filter, WG_NONE, .groups = v))                                               \
    X(conv_transpose3d, wg_conv_transpose3d(volume, box, WG_NONE, .stride = WG_TRIPLE(v, 1, 1)))                               \
    X(conv_transpose3d, wg_conv_transpose3d(volume, box, WG_NONE, .padding = WG_TRIPLE(v, 1, 1)))                              \
    X(conv_transpose3d, wg_conv_transpose3d(volume, box, WG_NONE, .dilation = WG_TRIPLE(v, 1, 1)))                             \
    X(conv_transpose3d,                                                                                                        \
      wg_conv_transpose3d(volume, box, WG_NONE, .stride = WG_TRIPLE(v, 1, 1), .output_padding = WG_TRIPLE(v - (v > 0), 0, 0))) \
    X(conv_transpose3d, wg_conv_transpose3d(volume, box, WG_NONE, .groups = v))                                                \
    X(max_pool2d, wg_max_pool2d(image, .stride = WG_PAIR(v, v), .ceil_mode = true))                                            \
    X(avg_pool2d, wg_avg_pool2d(image, .stride = WG_PAIR(v, v), .padding = WG_PAIR(1, 1), .ceil_mode = true))                  \
    X(avg_pool2d, wg_avg_pool2d(image, .padding = WG_PAIR(1, v), .count_include_pad = false))                                  \
    X(max_pool1d, wg_max_pool1d(line, .size = v))                                                                              \
    X(max_pool3d, wg_max_pool3d(volume, .size = WG_TRIPLE(v, 2, 2)))                                                           \
    X(max_pool1d, wg_max_pool1d(line, .stride = v))                                                                            \
    X(max_pool3d, wg_max_pool3d(volume, .stride = WG_TRIPLE(v, 2, 2)))                                                         \
    X(max_pool1d, wg_max_pool1d(line, .padding = v))                                                                           \
    X(max_pool3d, wg_max_pool3d(volume, .padding = WG_TRIPLE(v, 2, 2)))                                                        \
    X(max_pool1d, wg_max_pool1d(line, .dilation = v))                                                                          \
    X(max_pool3d, wg_max_pool3d(volume, .dilation = WG_TRIPLE(v, 2, 2)))                                                       \
    X(max_pool3d, wg_max_pool3d(volume, .padding = WG_TRIPLE(0, v, 1), .ceil_mode = true))                                     \
    X(adaptive_max_pool1d, wg_adaptive_max_pool1d(line, v))                                                                    \
    X(adaptive_max_pool3d, wg_adaptive_max_pool3d(volume, v, 2, 1))                                                            \
    X(adaptive_max_pool3d, wg_adaptive_max_pool3d(volume, 1, 2, v))                                                            \
    X(avg_pool1d, wg_avg_pool1d(line, .size = v))                                                                              \
    X(avg_pool3d, wg_avg_pool3d(volume, .size = WG_TRIPLE(v, 2, 2)))                                                           \
    X(avg_pool1d, wg_avg_pool1d(line, .stride = v))                                                                            \
    X(avg_pool3d, wg_avg_pool3d(volume, .stride = WG_TRIPLE(v, 2, 2)))                                                         \
    X(avg_pool1d, wg_avg_pool1d(line, .padding = v))                                                                           \
    X(avg_pool3d, wg_avg_pool3d(volume, .padding = WG_TRIPLE(v, 2, 2)))                                                        \
    X(avg_pool1d, wg_avg_pool1d(line, .dilation = v))                                                                          \
    X(avg_pool3d, wg_avg_pool3d(volume, .dilation = WG_TRIPLE(v, 2, 2)))                                                       \
    X(avg_pool3d, wg_avg_pool3d(volume, .padding = WG_TRIPLE(0, v, 1), .ceil_mode = true))                                     \
    X(adaptive_avg_pool1d, wg_adaptive_avg_pool1d(line, v))                                                                    \
    X(adaptive_avg_pool3d, wg_adaptive_avg_pool3d(volume, v, 2, 1))                                                            \
    X(adaptive_avg_pool3d, wg_adaptive_avg_pool3d(volume, 1, 2, v))                                                            \
    X(resample, wg_resample(x, AXIS(v), WG_SAMPLING(.extent = 4)))                                                             \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.extent = v)))                                                                   \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_REFLECT, .extent = 4, .before = v)))                         \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_REFLECT, .extent = v, .before = 1)))                         \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_REPLICATE, .extent = 4, .before = v)))                       \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_REPLICATE, .extent = v, .before = 1)))                       \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_CIRCULAR, .extent = 4, .before = v)))                        \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_CIRCULAR, .extent = v, .before = 1)))                        \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = v)))                                      \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = 4, .before = v)))                         \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = 4, .size = v)))                           \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = 4, .stride = v)))                         \
    X(resample, wg_resample(x, 1, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = 4, .dilation = v)))                       \
    X(resample_grad, wg_resample_grad(x, AXIS(v), 3, WG_SAMPLING(.extent = 4)))                                                \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.extent = v)))                                                      \
    X(resample_grad, wg_resample_grad(x, 1, v, WG_SAMPLING(.extent = 4)))                                                      \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_REFLECT, .extent = 4, .before = v)))            \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_REFLECT, .extent = v, .before = 1)))            \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_REPLICATE, .extent = 4, .before = v)))          \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_REPLICATE, .extent = v, .before = 1)))          \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_CIRCULAR, .extent = 4, .before = v)))           \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_CIRCULAR, .extent = v, .before = 1)))           \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = v)))                         \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = 4, .before = v)))            \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = 4, .size = v)))              \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = 4, .stride = v)))            \
    X(resample_grad, wg_resample_grad(x, 1, 3, WG_SAMPLING(.rule = WG_SAMPLING_WINDOWS, .extent = 4, .dilation = v)))          \
    X(interpolate, wg_interpolate(line, .size = WG_SHAPE(v)))                                                                  \
    X(interpolate, wg_interpolate(image, .size = WG_SHAPE(2, v), .mode = WG_INTERPOLATION_LINEAR))                             \
    X(interpolate, wg_interpolate(wg_slice(line, 0, 0, 0, 1), .size = WG_SHAPE(v), .mode = WG_INTERPOLATION_CUBIC))            \
    X(pad_mode, wg_pad_mode(x, PAIR(v), PAIR(0), WG_PADDING_REPLICATE))                                                        \
    X(pad_mode, wg_pad_mode(x, PAIR(0), PAIR(v), WG_PADDING_REFLECT))                                                          \
    X(pad_mode, wg_pad_mode(x, PAIR(v), PAIR(v), WG_PADDING_CIRCULAR))                                                         \
    X(pad_mode, wg_pad_mode(x, PAIR(v), PAIR(v), WG_PADDING_ZEROS))                                                            \
    X(unfold, wg_unfold(image, .size = WG_PAIR(2, v)))                                                                         \
    X(fold, wg_fold(wg_reshape(image, WG_SHAPE(1, 4, 8)), 3, 5, .size = WG_PAIR(2, v)))                                        \
    X(unfold, wg_unfold(image, .stride = WG_PAIR(2, v)))                                                                       \
    X(fold, wg_fold(wg_reshape(image, WG_SHAPE(1, 4, 8)), 3, 5, .stride = WG_PAIR(2, v)))                                      \
    X(unfold, wg_unfold(image, .padding = WG_PAIR(2, v)))                                                                      \
    X(fold, wg_fold(wg_reshape(image, WG_SHAPE(1, 4, 8)), 3, 5, .padding = WG_PAIR(2, v)))                                     \
    X(unfold, wg_unfold(image, .dilation = WG_PAIR(2, v)))                                                                     \
    X(fold, wg_fold(wg_reshape(image, WG_SHAPE(1, 4, 8)), 3, 5, .dilation = WG_PAIR(2, v)))                                    \
    X(fold, wg_fold(wg_reshape(image, WG_SHAPE(1, 4, 8)), v, 5))                                                               \
    X(fold, wg_fold(wg_reshape(image, WG_SHAPE(1, 4, 8)), 3, v))                                                               \
    X(pixel_shuffle, wg_pixel_shuffle(wg_reshape(image, WG_SHAPE(1, 8, 2, 2)), v))                                             \
    X(pixel_unshuffle, wg_pixel_unshuffle(image, v))

/* X(op, call), where the call uses v: x is (3, 4), row (4), image (1, 2, 4, 4), kernel (2, 2, 2, 2). */
/* Three steps of one sequence over four classes, whose target is class 1: ctc, ctc_each or ctc_grad. */
static wg_tensor *call_ctc(int64_t blank, int which)
{
    wg_tensor *logp = wg_zeros(WG_F32, WG_SHAPE(3, 1, 4)), *target = wg_ones(WG_I64, WG_SHAPE(1, 1));
    wg_tensor *steps = wg_full(WG_I64, WG_SHAPE(1), 3), *length = wg_ones(WG_I64, WG_SHAPE(1));
    return which == 0   ? wg_ctc(logp, target, steps, length, .blank = blank)
           : which == 1 ? wg_ctc_each(logp, target, steps, length, blank)
                        : wg_ctc_grad(logp, target, steps, length, blank, NULL, 0);
}

#define CALLS(X)                                                                                                        \
    X(maximum_grad, wg_maximum_grad(x, y, y, AXIS(v)))                                                                  \
    X(minimum_grad, wg_minimum_grad(x, y, y, AXIS(v)))                                                                  \
    X(polygamma, wg_polygamma(AXIS(v), x))                                                                              \
    X(maxout, wg_maxout(x, 1, v))                                                                                       \
    X(maxout, wg_maxout(x, AXIS(v), 2))                                                                                 \
    X(argmax, wg_argmax(x, .axis = AXIS(v)))                                                                            \
    X(argmin, wg_argmin(x, .axis = AXIS(v)))                                                                            \
    X(any, wg_any(wg_gt(x, y), .axis = AXIS(v)))                                                                        \
    X(all, wg_all(wg_gt(x, y), .axis = AXIS(v)))                                                                        \
    X(sum, over(v))                                                                                                     \
    X(var, wg_var(x, .axis = AXIS(v)))                                                                                  \
    X(std, wg_std(x, .axis = AXIS(v)))                                                                                  \
    X(norm, wg_norm(x, .axis = AXIS(v)))                                                                                \
    X(cumsum, wg_cumsum(x, AXIS(v), .reverse = true))                                                                   \
    X(sort, sorted_by(v, true))                                                                                         \
    X(topk, sorted_by(v, false))                                                                                        \
    X(permute, wg_permute(x, WG_AXES(0, (int8_t)(v))))                                                                  \
    X(transpose, wg_transpose(x, 0, AXIS(v)))                                                                           \
    X(reshape, wg_reshape(x, WG_SHAPE(v, -1)))                                                                          \
    X(reshape, wg_reshape(x, WG_SHAPE(v, v)))                                                                           \
    X(reshape, wg_reshape(wg_slice(x, 0, 0, 0, 1), WG_SHAPE(0, v, v)))                                                  \
    X(broadcast_to, wg_broadcast_to(row, WG_SHAPE(v, 4)))                                                               \
    X(broadcast_to, wg_broadcast_to(wg_slice(row, 0, 0, 0, 1), WG_SHAPE(v, v, 0)))                                      \
    X(expand, wg_expand(row, WG_SHAPE(v, -1)))                                                                          \
    X(slice, wg_slice(x, AXIS(v), 0, 2, 1))                                                                             \
    X(slice, wg_slice(x, 1, v, 3, 1))                                                                                   \
    X(slice, wg_slice(x, 1, 1, v, 1))                                                                                   \
    X(slice, wg_slice(x, 1, v, v, -1))                                                                                  \
    X(slice, wg_slice(x, 1, 0, 4, v))                                                                                   \
    X(slice, wg_slice(x, 1, INT64_MAX, INT64_MIN, v))                                                                   \
    X(slice, wg_slice(x, 1, INT64_MIN, INT64_MAX, v))                                                                   \
    X(slice_grad, wg_slice_grad(x, v, 1, 0, 1))                                                                         \
    X(slice_grad, wg_slice_grad(x, 4, AXIS(v), 0, 1))                                                                   \
    X(slice_grad, wg_slice_grad(x, 4, 1, v, 1))                                                                         \
    X(slice_grad, wg_slice_grad(x, 4, 1, 0, v))                                                                         \
    X(slice_grad, wg_slice_grad(wg_slice(x, 1, 0, 0, 1), v, 1, v, v))                                                   \
    X(select, wg_select(x, AXIS(v), 0))                                                                                 \
    X(select, wg_select(x, 1, v))                                                                                       \
    X(squeeze, wg_squeeze(x, AXIS(v)))                                                                                  \
    X(unsqueeze, wg_unsqueeze(x, AXIS(v)))                                                                              \
    X(flip, wg_flip(x, AXIS(v)))                                                                                        \
    X(concat, wg_concat(((wg_tensor *[]){x, x}), 2, AXIS(v)))                                                           \
    X(stack, wg_stack(((wg_tensor *[]){x, x}), 2, AXIS(v)))                                                             \
    X(repeat, wg_repeat(x, PAIR(v)))                                                                                    \
    X(repeat, wg_repeat(wg_slice(x, 0, 0, 0, 1), PAIR(v)))                                                              \
    X(pad, wg_pad(x, PAIR(v), PAIR(0), 1))                                                                              \
    X(pad, wg_pad(x, PAIR(v), PAIR(v), 1))                                                                              \
    X(gather, wg_gather(x, AXIS(v), wg_zeros(WG_I64, WG_SHAPE(3, 4))))                                                  \
    X(gather, wg_gather(x, 1, wg_from(&v, WG_SHAPE(1, 1))))                                                             \
    X(scatter_add, wg_scatter_add(x, AXIS(v), wg_zeros(WG_I64, WG_SHAPE(3, 4)), y))                                     \
    X(scatter_add, wg_scatter_add(x, 1, wg_from(&v, WG_SHAPE(1, 1)), wg_reshape(wg_select(row, 0, 0), WG_SHAPE(1, 1)))) \
    X(index_select, wg_index_select(x, AXIS(v), labels))                                                                \
    X(index_select, wg_index_select(x, 1, wg_from(&v, WG_SHAPE(1))))                                                    \
    X(index_add, wg_index_add(x, AXIS(v), labels, wg_slice(y, 0, 0, 2, 1)))                                             \
    X(index_add, wg_index_add(x, 0, wg_from(&v, WG_SHAPE(1)), wg_slice(y, 0, 0, 1, 1)))                                 \
    X(embedding, wg_embedding(x, wg_from(&v, WG_SHAPE(1))))                                                             \
    X(diagonal, wg_diagonal(x, .offset = v))                                                                            \
    X(diagonal_grad, wg_diagonal_grad(row, 4, 4, v))                                                                    \
    X(diagonal_grad, wg_diagonal_grad(row, 4, v, 0))                                                                    \
    X(diagonal_grad, wg_diagonal_grad(row, v, 4, 0))                                                                    \
    X(diagonal_grad, wg_diagonal_grad(wg_slice(row, 0, 0, 0, 1), 3, 4, v))                                              \
    X(diagonal_grad, wg_diagonal_grad(wg_slice(row, 0, 0, 0, 1), v, v, v))                                              \
    X(diag, wg_diag(x, .offset = v))                                                                                    \
    X(diag, wg_diag(row, .offset = v))                                                                                  \
    X(tril, wg_tril(x, .offset = v))                                                                                    \
    X(triu, wg_triu(x, .offset = v))                                                                                    \
    X(one_hot, wg_one_hot(labels, v, WG_F32))                                                                           \
    X(one_hot, wg_one_hot(wg_from(&v, WG_SHAPE(1)), 3, WG_F32))                                                         \
    X(conv2d, WINDOW(stride))                                                                                           \
    X(conv2d, WINDOW(padding))                                                                                          \
    X(conv2d, WINDOW(dilation))                                                                                         \
    X(conv2d, wg_conv2d(image, kernel, WG_NONE, .groups = v))                                                           \
    X(conv2d_relu, wg_conv2d_relu(image, kernel, WG_NONE, .padding = WG_PAIR(v, v)))                                    \
    X(conv2d_input, wg_conv2d_input(image, kernel, v, 5, plain))                                                        \
    X(conv2d_input, wg_conv2d_input(image, kernel, 5, v, plain))                                                        \
    X(conv2d_weight, wg_conv2d_weight(image, image, v, 1, plain))                                                       \
    X(conv2d_weight, wg_conv2d_weight(image, image, 1, v, plain))                                                       \
    X(conv1d, wg_conv1d(wg_select(image, 2, 0), wg_select(kernel, 2, 0), WG_NONE, .padding = v))                        \
    X(conv_transpose2d, wg_conv_transpose2d(image, kernel, WG_NONE, .stride = WG_PAIR(1, v)))                           \
    X(conv_transpose2d, wg_conv_transpose2d(image, kernel, WG_NONE, .padding = WG_PAIR(1, v)))                          \
    X(conv_transpose2d, wg_conv_transpose2d(image, kernel, WG_NONE, .dilation = WG_PAIR(1, v)))                         \
    X(conv_transpose2d,                                                                                                 \
      wg_conv_transpose2d(image, kernel, WG_NONE, .stride = WG_PAIR(1, v), .output_padding = WG_PAIR(0, v - (v > 0))))  \
    X(conv_transpose2d, wg_conv_transpose2d(image, kernel, WG_NONE, .groups = v))                                       \
    X(max_pool2d, POOLED(wg_max_pool2d, size))                                                                          \
    X(max_pool2d, POOLED(wg_max_pool2d, stride))                                                                        \
    X(max_pool2d, POOLED(wg_max_pool2d, padding))                                                                       \
    X(max_pool2d, POOLED(wg_max_pool2d, dilation))                                                                      \
    X(avg_pool2d, POOLED(wg_avg_pool2d, size))                                                                          \
    X(avg_pool2d, POOLED(wg_avg_pool2d, stride))                                                                        \
    X(avg_pool2d, POOLED(wg_avg_pool2d, padding))                                                                       \
    X(avg_pool2d, POOLED(wg_avg_pool2d, dilation))                                                                      \
    X(avg_pool2d, wg_avg_pool2d(image, .size = WG_PAIR(v, v), .padding = WG_PAIR(v, v)))                                \
    X(max_pool2d_grad,                                                                                                  \
      wg_max_pool2d_grad(image, image,                                                                                  \
                         (wg_pool_options){.size = WG_PAIR(v, v), .stride = WG_PAIR(v, v), .dilation = WG_PAIR(v, v)})) \
    X(max_pool2d_pick,                                                                                                  \
      wg_max_pool2d_pick(image, image,                                                                                  \
                         (wg_pool_options){.size = WG_PAIR(v, v), .stride = WG_PAIR(v, v), .dilation = WG_PAIR(v, v)})) \
    X(avg_pool2d_grad, wg_avg_pool2d_grad(image, v, 8, pools))                                                          \
    X(avg_pool2d_grad, wg_avg_pool2d_grad(image, 8, v, pools))                                                          \
    X(adaptive_max_pool2d, wg_adaptive_max_pool2d(image, v, 2))                                                         \
    X(adaptive_avg_pool2d, wg_adaptive_avg_pool2d(image, 2, v))                                                         \
    WINDOW_CALLS(X)                                                                                                     \
    X(softmax, wg_softmax(x, .axis = AXIS(v)))                                                                          \
    X(softmax_grad, wg_softmax_grad(x, y, AXIS(v)))                                                                     \
    X(log_softmax, wg_log_softmax(x, .axis = AXIS(v)))                                                                  \
    X(log_softmax_grad, wg_log_softmax_grad(x, y, AXIS(v)))                                                             \
    X(cross_entropy, wg_cross_entropy(wg_slice(x, 0, 0, 2, 1), labels, .ignore = v))                                    \
    X(cross_entropy, wg_cross_entropy(wg_slice(x, 0, 0, 1, 1), wg_from(&v, WG_SHAPE(1))))                               \
    X(cosine_similarity, wg_cosine_similarity(x, y, .axis = AXIS(v)))                                                   \
    X(cosine_loss, wg_cosine_loss(x, y, .axis = AXIS(v)))                                                               \
    X(ctc, call_ctc(v, 0))                                                                                              \
    X(ctc_each, call_ctc(v, 1))                                                                                         \
    X(ctc_grad, call_ctc(v, 2))                                                                                         \
    X(multi_margin, wg_multi_margin(wg_slice(x, 0, 0, 2, 1), labels, .p = AXIS(v)))                                     \
    X(nll, wg_nll(wg_slice(x, 0, 0, 1, 1), wg_from(&v, WG_SHAPE(1)), .ignore = 1))                                      \
    X(group_norm, wg_group_norm(image, v))                                                                              \
    X(uniform, wg_uniform(generator, WG_F32, WG_SHAPE(v, 2), 0, 1))                                                     \
    X(normal, wg_normal(generator, WG_F32, WG_SHAPE(v, 2), 0, 1))                                                       \
    X(truncated_normal, wg_truncated_normal(generator, WG_F32, WG_SHAPE(v, 2), 0, 1, -2, 2))                            \
    X(bernoulli, wg_bernoulli(generator, WG_F32, WG_SHAPE(v, 2), 0.5))                                                  \
    X(permutation, wg_permutation(generator, v))                                                                        \
    X(running_variance_update, updated_by(v))                                                                           \
    X(split, split_by(v, 1))                                                                                            \
    X(split, split_by(1, AXIS(v)))                                                                                      \
    X(chunk, chunk_by(v, 1))                                                                                            \
    X(chunk, chunk_by(1, AXIS(v)))                                                                                      \
    X(unbind, unbind_by(v, 0))                                                                                          \
    X(unbind, unbind_by(3, AXIS(v)))

static wg_tensor *apply(size_t number, int64_t v)
{
    size_t i = 0;
#define X(op, call)    \
    if (i++ == number) \
        return call;
    CALLS(X)
#undef X
    return NULL;
}

static const struct {
    const char *op, *call;
} calls[] = {
#define X(op, call) {#op, #call},
    CALLS(X)
#undef X
};
enum { N_CALLS = sizeof calls / sizeof *calls };

static void is_refused_in_words(size_t number, int64_t v)
{
    wg_error error;
    char prefix[60];
    const wg_status code = wg_error_take(&error);
    snprintf(prefix, sizeof prefix, "%s: ", calls[number].op);
    if ((code != WG_E_ARGUMENT && code != WG_E_SHAPE) || strncmp(error.message, prefix, strlen(prefix)) != 0)
        fail_msg("%s with v = %lld gives %s: %s", calls[number].call, (long long)v, wg_status_name(code), error.message);
}

static void has_finite_gradients(size_t number, int64_t v, wg_tensor *result)
{
    wg_tensor *leaves[5] = {x, row, image, line, volume}, *g[5];
    if (wg_dtype_of(result) != WG_F32 || !wg_requires_grad(result) || strcmp(calls[number].op, "polygamma") == 0)
        return;
    assert_ok(wg_grad_many(wg_sum(result), leaves, 5, g, .unused = WG_UNUSED_ZEROS));
    for (int k = 0; k < 5; k++)
        for (int64_t i = 0; i < wg_numel(g[k]); i++)
            if (!isfinite(element(g[k], i)))
                fail_msg("%s with v = %lld: gradient %g", calls[number].call, (long long)v, element(g[k], i));
}

static void the_ends_are_refused_or_right(void **state)
{
    const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, INT64_MIN / 2, -1, 0, 1, 2, INT64_MAX / 2, INT64_MAX - 1, INT64_MAX};
    (void)state;
    for (size_t number = 0; number < N_CALLS; number++)
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            WG_TAPE(tape);
            wg_tensor *result = apply(number, ends[i]);
            if (result)
                has_finite_gradients(number, ends[i], result);
            else
                is_refused_in_words(number, ends[i]);
        }
}

static void every_whole_number_is_listed(void **state)
{
    static const char *const whole[] = {"int64_t ", "int ",      "wg_shape ",    "wg_pair ",        "wg_triple ",
                                        "wg_axes ", "wg_sizes ", "wg_sampling ", "_options options"};
    (void)state;
    for (size_t i = 0; i < N_OP_ARGUMENTS; i++) {
        bool listed = true;
        for (size_t k = 0; k < sizeof whole / sizeof *whole && listed; k++)
            listed = !has_argument(i, whole[k]);
        for (size_t k = 0; k < N_CALLS && !listed; k++)
            listed = strcmp(calls[k].op, op_arguments[i].op) == 0;
        if (!listed)
            fail_msg("%s has a whole number among its parameters, and is in no line of tests/ops/whole_numbers.c",
                     op_arguments[i].op);
    }
}

static int make_operands(void **state)
{
    (void)state;
    x = leaf(WG_F32, WG_SHAPE(3, 4), 1);
    y = numbers(WG_F32, WG_SHAPE(3, 4), 2);
    row = leaf(WG_F32, WG_SHAPE(4), 3);
    image = leaf(WG_F32, WG_SHAPE(1, 2, 4, 4), 4);
    kernel = numbers(WG_F32, WG_SHAPE(2, 2, 2, 2), 5);
    line = leaf(WG_F32, WG_SHAPE(1, 2, 5), 6);
    filter = numbers(WG_F32, WG_SHAPE(2, 2, 2), 7);
    volume = leaf(WG_F32, WG_SHAPE(1, 2, 3, 3, 2), 8);
    box = numbers(WG_F32, WG_SHAPE(2, 2, 2, 2, 2), 9);
    labels = wg_from(((const int64_t[]){0, 1}), WG_SHAPE(2));
    generator = wg_generator(1, 0);
    return 0;
}

static int free_operands(void **state)
{
    (void)state;
    wg_free(x), wg_free(y), wg_free(row), wg_free(image), wg_free(kernel), wg_free(labels), wg_free(generator);
    wg_free(line), wg_free(filter), wg_free(volume), wg_free(box);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(the_ends_are_refused_or_right), TEST(every_whole_number_is_listed)};
    return cmocka_run_group_tests(tests, make_operands, free_operands);
}
