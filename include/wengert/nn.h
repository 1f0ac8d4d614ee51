/* Networks: modules and layers, initialisation, data. Everything here is made of the public headers; the backward rules are in
   ops/.

   Who owns what: a module is the caller's until it becomes another's child. It owns its parameters, buffers and children, and
   wg_nn_destroy gives all of them back; an optimizer only borrows the parameters. */
#ifndef WENGERT_NN_H
#define WENGERT_NN_H

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_backward(loss): before C23 a macro's "..." takes an argument */
#endif

#include "base.h"
#include "random.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- lists of named tensors ---- */

/* Borrowed: valid until the module (or optimizer) that gave it changes or is destroyed. */
typedef struct wg_tensor_list {
    size_t n;
    wg_tensor *const *tensor;
    const char *const *name; /* "0.weight": the path of children, then the tensor's own name */
} wg_tensor_list;

/* ---- modules ---- */

typedef struct wg_nn_module wg_nn_module;

/* What a module's forward function is handed. It takes parameters from here, never from the module: they may be others than the
   module's own (wg_nn_apply_with). */
typedef struct wg_nn_call {
    const wg_nn_module *module;
    void *context;
    wg_tensor *const *param;  /* the module's own, in the order in which they were added; its children's follow */
    wg_tensor *const *buffer; /* the module's own */
    bool functional;          /* the parameters were given: buffers stay as they are */
} wg_nn_call;

/* A kind of module; libraries and programs define their own. forward computes the output from x, a tape is open; NULL means
   failure, with the error recorded. What it makes and does not return it may wg_drop. destroy (or NULL) gives back the context,
   once. */
struct wg_nn_kind {
    const char *name;
    wg_tensor *(*forward)(const wg_nn_call *call, wg_tensor *x);
    void (*destroy)(void *context);
    /* What relu makes of forward's result, with the same bits, where ops do both in one pass; NULL: there are none. It is called
       instead of forward where a module that is relu and nothing else comes next. */
    wg_tensor *(*forward_relu)(const wg_nn_call *call, wg_tensor *x);
    bool is_relu;
};

/* A module without parameters, buffers or children yet. kind is borrowed, usually a static constant; context is the module's from
   here on: on failure it is destroyed too. */
WG_API wg_nn_module *wg_nn_module_create(const struct wg_nn_kind *kind, void *context);

/* Gives back the module, its parameters, buffers and children. NULL is allowed. A child is left alone, and E_STATE recorded: it
   dies with its parent. */
WG_API void wg_nn_destroy(wg_nn_module *module);

/* What a module is made of. Each takes over what it is given, on failure too. A tensor that belongs to a tape is taken out of it
   (wg_own). A parameter is f32 or f64 and requires a gradient from here on; a buffer is state that is not trained. Names are
   not empty, without '.', and each once in a module, else E_ARGUMENT; NULL is E_NULL; a module that is a child already can no
   longer change: E_STATE. A child in a child in a child … : at most WG_MAX_DEPTH modules, the outermost among them, else E_ARGUMENT,
   because their forward functions call one another. */
WG_API WG_MUST_CHECK wg_status wg_nn_add_parameter(wg_nn_module *module, const char *name, wg_tensor *t);
WG_API WG_MUST_CHECK wg_status wg_nn_add_buffer(wg_nn_module *module, const char *name, wg_tensor *t);
WG_API WG_MUST_CHECK wg_status wg_nn_add_child(wg_nn_module *module, const char *name, wg_nn_module *child);

/* All parameters, the module's own first, then each child's, in the order in which they were added; buffers likewise. An
   empty list and E_NULL for NULL. */
WG_API wg_tensor_list wg_nn_parameters(const wg_nn_module *module);
WG_API wg_tensor_list wg_nn_buffers(const wg_nn_module *module);

WG_API size_t wg_nn_children(const wg_nn_module *module);
WG_API wg_nn_module *wg_nn_child(const wg_nn_module *module, size_t index); /* borrowed; NULL and E_ARGUMENT past the end */
WG_API const char *wg_nn_kind_name(const wg_nn_module *module);             /* the kind's */
WG_API void *wg_nn_context(const wg_nn_module *module);

/* y = net(x). With no tape open one is opened for the call, and the result is the caller's (wg_free), without history; where the
   network returns x or a parameter, or a view of one, it shares memory with that. The mode of
   training or use is the thread's (WG_EVAL_MODE). */
WG_API wg_tensor *wg_nn_apply(const wg_nn_module *net, wg_tensor *x);

/* The same with other parameters: params has as many tensors as wg_nn_parameters(net), in that order, of those shapes and dtypes (else
   E_SHAPE, E_DTYPE); they may be computed, and the gradient flows through them. A pure function of params, the buffers and x:
   running statistics are not updated. */
WG_API wg_tensor *wg_nn_apply_with(const wg_nn_module *net, wg_tensor *const *params, wg_tensor *x);

/* For forward functions: applies the index-th child, with its part of the call's parameters, in a section of its name. */
WG_API wg_tensor *wg_nn_apply_child(const wg_nn_call *call, size_t index, wg_tensor *x);

/* The same, and the relu after it where the two can be one: *index moves on to the child after what was applied. */
WG_API wg_tensor *wg_nn_apply_next(const wg_nn_call *call, size_t *index, wg_tensor *x);

/* ---- initialisation ---- */

/* Of a weight (out, in, …): fan_in is the product of all extents but the first, fan_out of all but the second. */
typedef enum wg_fan { WG_FAN_IN, WG_FAN_OUT } wg_fan;

/* Rules for weights. WG_INIT_LINEAR: U(±1/√fan_in), for the bias too; it is what PyTorch's nn.Linear does. Kaiming: variance
   gain²/fan, uniform U(±gain √(3/fan)) or normal (He, Zhang, Ren, Sun, 2015). Xavier: variance 2 gain²/(fan_in + fan_out) (Glorot,
   Bengio, 2010). With these two layers begin with a bias of 0. The gain makes up for the activation that follows: √2 for relu, 5/3
   for tanh, 1 for none. */
typedef enum wg_init_rule {
    WG_INIT_LINEAR,
    WG_INIT_KAIMING_UNIFORM,
    WG_INIT_KAIMING_NORMAL,
    WG_INIT_XAVIER_UNIFORM,
    WG_INIT_XAVIER_NORMAL
} wg_init_rule;

typedef struct wg_init_options {
    double gain;
    wg_fan fan; /* Kaiming only */
} wg_init_options;
#define WG_INIT_OPTIONS_(default_gain, ...) WG_OPTIONS(wg_init_options, .gain = (default_gain), .fan = WG_FAN_IN, __VA_ARGS__)
#define WG_SQRT_2 1.4142135623730951

/* A new weight of rank 2 or more, drawn by a rule, on the open tape or the caller's. E_SHAPE, E_ARGUMENT, E_DTYPE, E_MEMORY. */
#define wg_init_tensor(dtype, shape, generator, rule, ...) \
    wg_init_tensor_with((dtype), (shape), (generator), (rule), WG_INIT_OPTIONS_(1, __VA_ARGS__))
WG_API wg_tensor *wg_init_tensor_with(wg_dtype dtype, wg_shape shape, wg_tensor *generator, wg_init_rule rule,
                                      wg_init_options options);

/* Fill t (f32 or f64), whole or not at all; on an open tape the change is an effect. */
WG_API WG_MUST_CHECK wg_status wg_init_uniform(wg_tensor *t, wg_tensor *generator, double low, double high);
WG_API WG_MUST_CHECK wg_status wg_init_normal(wg_tensor *t, wg_tensor *generator, double mean, double deviation);
WG_API WG_MUST_CHECK wg_status wg_init_constant(wg_tensor *t, double value);
#define wg_init_kaiming_uniform(t, generator, ...) \
    wg_init_with((t), (generator), WG_INIT_KAIMING_UNIFORM, WG_INIT_OPTIONS_(WG_SQRT_2, __VA_ARGS__))
#define wg_init_kaiming_normal(t, generator, ...) \
    wg_init_with((t), (generator), WG_INIT_KAIMING_NORMAL, WG_INIT_OPTIONS_(WG_SQRT_2, __VA_ARGS__))
#define wg_init_xavier_uniform(t, generator, ...) \
    wg_init_with((t), (generator), WG_INIT_XAVIER_UNIFORM, WG_INIT_OPTIONS_(1, __VA_ARGS__))
#define wg_init_xavier_normal(t, generator, ...) \
    wg_init_with((t), (generator), WG_INIT_XAVIER_NORMAL, WG_INIT_OPTIONS_(1, __VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_init_with(wg_tensor *t, wg_tensor *generator, wg_init_rule rule, wg_init_options options);

/* ---- layers ---- */

/* y = x Wᵀ + b, x (…,in): parameters "weight" (out, in) and, if bias, "bias" (out). */
typedef struct wg_nn_linear_options {
    bool bias;
    wg_dtype dtype;
    wg_init_rule init;
    double gain;          /* of the Kaiming and Xavier rules */
    wg_tensor *generator; /* WG_NONE: one split off this thread's own */
} wg_nn_linear_options;
#define wg_nn_linear(in, out, ...)                                                                                       \
    wg_nn_linear_with((in), (out),                                                                                       \
                      WG_OPTIONS(wg_nn_linear_options, .bias = true, .dtype = WG_F32, .init = WG_INIT_LINEAR, .gain = 1, \
                                 .generator = WG_NONE, __VA_ARGS__))
WG_API wg_nn_module *wg_nn_linear_with(int64_t in, int64_t out, wg_nn_linear_options options);

/* Batch normalisation over channels, axis 1 of (N,C) or (N,C,…): parameters "weight" γ (C), at first 1, and "bias" β (C), at first
   0; buffers "running_mean" (C), at first 0, and "running_var" (C), at first 1. Training: y = γ (x - μ)/√(σ² + ε) + β with the
   batch's mean and (biased) variance; then running ← (1 - momentum) running + momentum batch, with the unbiased variance: effects,
   undone if the step fails. Use (WG_EVAL_MODE): the running statistics stand for the batch's; copies of them are saved for backward.
   Source: Ioffe, Szegedy, 2015; the defaults are PyTorch's. */
typedef struct wg_nn_batch_norm_options {
    double eps, momentum;
    wg_dtype dtype;
} wg_nn_batch_norm_options;
#define wg_nn_batch_norm(channels, ...) \
    wg_nn_batch_norm_with((channels),   \
                          WG_OPTIONS(wg_nn_batch_norm_options, .eps = 1e-5, .momentum = 0.1, .dtype = WG_F32, __VA_ARGS__))
WG_API wg_nn_module *wg_nn_batch_norm_with(int64_t channels, wg_nn_batch_norm_options options);

/* Activations, element by element. */
typedef enum wg_activation { WG_ACTIVATION_IDENTITY, WG_ACTIVATION_RELU, WG_ACTIVATION_TANH, WG_ACTIVATION_SIGMOID } wg_activation;
WG_API wg_nn_module *wg_nn_activation(wg_activation activation);
WG_API wg_nn_module *wg_nn_relu(void);
WG_API wg_nn_module *wg_nn_tanh(void);
WG_API wg_nn_module *wg_nn_sigmoid(void);

/* The layers one after another: wg_nn_sequential(wg_nn_linear(2, 8), wg_nn_tanh(), wg_nn_linear(8, 1)). They become children
   "0", "1", … If one is NULL the result is NULL and the others are destroyed. */
#ifndef __cplusplus
#define wg_nn_sequential(...) \
    wg_nn_sequential_with((wg_nn_module *[]){__VA_ARGS__}, sizeof((wg_nn_module *[]){__VA_ARGS__}) / sizeof(wg_nn_module *))
#endif
WG_API wg_nn_module *wg_nn_sequential_with(wg_nn_module *const *layers, size_t n);

/* A multilayer perceptron, a sequential module: WG_SIZES(2, 8, 1) is 2 inputs, 8 hidden units, 1 output. Each linear layer but the
   last is followed by batch normalisation, if wanted, and the activation. The weights are drawn from stream WG_STREAM_INIT of the
   seed: two networks of one seed are equal. With WG_NO_SEED the seed is drawn from this thread's generator, so no two networks
   are. With Kaiming and Xavier rules the gain is the activation's. */
typedef struct wg_nn_mlp_options {
    wg_activation activation;
    bool batch_norm;
    uint64_t seed;
    wg_dtype dtype;
    wg_init_rule init;
} wg_nn_mlp_options;
#define wg_nn_mlp(sizes, ...)                                                                                    \
    wg_nn_mlp_with((sizes), WG_OPTIONS(wg_nn_mlp_options, .activation = WG_ACTIVATION_RELU, .batch_norm = false, \
                                       .seed = WG_NO_SEED, .dtype = WG_F32, .init = WG_INIT_LINEAR, __VA_ARGS__))
WG_API wg_nn_module *wg_nn_mlp_with(wg_sizes sizes, wg_nn_mlp_options options);

/* ---- data ---- */

/* Reads numbers in rows: *features gets (rows, columns) of the given dtype, *labels i64 (rows) from the label column; made like any
   tensor, on the open tape or the caller's. label_column: counted from 0, negative from the last; with labels NULL all
   columns are features. A file compressed by gzip is read if the library was built with zlib. Numbers are decimal, whatever the
   locale; nan and inf only where nonfinite allows them. skip_lines: a header.
   Nothing is made on failure. E_IO: unreadable or not well formed (ragged rows, a field that is no number, NUL bytes, a line above
   1 MiB, contents above max_bytes), naming file, line and column; E_NULL, E_ARGUMENT, E_DTYPE, E_MEMORY. */
typedef struct wg_dataset_csv_options {
    wg_dtype dtype;
    int64_t label_column;
    char separator;
    int skip_lines;
    bool nonfinite;
    size_t max_bytes;
} wg_dataset_csv_options;
#define WG_DATASET_CSV_OPTIONS_(...)                                                                                               \
    WG_OPTIONS(wg_dataset_csv_options, .dtype = WG_F32, .label_column = -1, .separator = ',', .skip_lines = 0, .nonfinite = false, \
               .max_bytes = (size_t)1 << 30, __VA_ARGS__)
#define wg_dataset_read_csv(path, features, labels, ...) \
    wg_dataset_read_csv_with((path), (features), (labels), WG_DATASET_CSV_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_read_csv_with(const char *path, wg_tensor **features, wg_tensor **labels,
                                                        wg_dataset_csv_options options);

/* The same from memory; name stands for the file in messages. */
#define wg_dataset_parse_csv(bytes, size, name, features, labels, ...) \
    wg_dataset_parse_csv_with((bytes), (size), (name), (features), (labels), WG_DATASET_CSV_OPTIONS_(__VA_ARGS__))
WG_API WG_MUST_CHECK wg_status wg_dataset_parse_csv_with(const void *bytes, size_t size, const char *name, wg_tensor **features,
                                                         wg_tensor **labels, wg_dataset_csv_options options);

/* Rows index[0..n) of source, in that order, copied into target: (n, …) of the source's dtype and other extents, both contiguous.
   Nothing changes on failure; E_ARGUMENT for an index out of range, or if the two share memory. */
WG_API WG_MUST_CHECK wg_status wg_dataset_gather_rows(wg_tensor *target, const wg_tensor *source, const int64_t *index, size_t n);

/* Mini-batches without replacement: each epoch visits every row once, in an order that depends on (seed, epoch) alone, drawn from stream
   WG_STREAM_ORDER + epoch of the seed. With WG_NO_SEED and shuffle the seed is drawn from this thread's generator. y is WG_NONE
   where there are no labels. x and y are contiguous, of as many rows, and shared, not copied; the iterator is given back by
   wg_batches_destroy (NULL is allowed). A size above the number of rows is cut to it; drop_last leaves out
   the last batch of an epoch if it is smaller. */
typedef struct wg_batches wg_batches;
typedef struct wg_batches_options {
    int64_t size;
    bool shuffle, drop_last;
    uint64_t seed;
} wg_batches_options;
#define wg_batches_create(x, y, ...) \
    wg_batches_create_with(          \
        (x), (y),                    \
        WG_OPTIONS(wg_batches_options, .size = 32, .shuffle = true, .drop_last = false, .seed = WG_NO_SEED, __VA_ARGS__))
WG_API wg_batches *wg_batches_create_with(wg_tensor *x, wg_tensor *y, wg_batches_options options);
WG_API void wg_batches_destroy(wg_batches *batches);

/* The next batch, as tensors of their own on the open tape (or the caller's): call it inside the step's tape, but before a step
   that is captured or evaluated, with no tape open; they are the caller's then, to be freed. At the end of an
   epoch the status is WG_OK and both are NULL; the call after that begins the next. On failure both are NULL and the position is as
   it was: E_NULL, E_MEMORY, and the errors of wg_dataset_gather_rows. A step that fails afterwards does not put the position back
   (wg_batches_restore). *y is WG_NONE where there are no labels; y may be NULL then.

     for (;;) {
         WG_TAPE(tape);
         WG_TRY(wg_batches_next(batches, &x, &y));
         if (!x)
             break;
         …
     } */
WG_API WG_MUST_CHECK wg_status wg_batches_next(wg_batches *batches, wg_tensor **x, wg_tensor **y);

WG_API int64_t wg_batches_per_epoch(const wg_batches *batches);

/* The exact position: a run that sets it goes on as the one that asked for it would have. position: rows used in this epoch. */
typedef struct wg_batches_state {
    uint64_t seed;
    int64_t epoch, position;
} wg_batches_state;
WG_API wg_batches_state wg_batches_state_of(const wg_batches *batches);
WG_API WG_MUST_CHECK wg_status wg_batches_restore(wg_batches *batches, wg_batches_state state);

#ifdef __cplusplus
}
#endif

#endif
