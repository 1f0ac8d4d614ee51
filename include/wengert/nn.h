/* Networks: modules, and the layers of layers.def. Everything here is made of the public headers; the backward rules are in ops/.

   Who owns what: a module is the caller's until it becomes another's child. It owns its children, its buffers and, alone or together
   with other modules, its parameters, and wg_nn_destroy gives them back; an optimizer only borrows the parameters. */
#ifndef WENGERT_NN_H
#define WENGERT_NN_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* else -pedantic warns at wg_nn_linear(2, 8): before C23 a macro's "..." takes an argument */
#endif

#include <stdio.h>

#include "nn/init.h"
#include "options.h"
#include "random.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- modules ---- */

typedef struct wg_nn_module wg_nn_module;

/* What a module's forward function is handed. It takes parameters from here, never from the module: they may be others than the
   module's own (wg_nn_apply_with). */
typedef struct wg_nn_call {
    const wg_nn_module *module;
    const void *options;      /* the module's own copy of its options */
    void *context;            /* what wg_nn_module_create was given */
    wg_tensor *const *param;  /* the module's own, in the order in which they were added; past the last is undefined */
    wg_tensor *const *buffer; /* the module's own */
    wg_tensor *const *in;     /* all n_in inputs */
    wg_tensor **out;          /* of a module with several results: where those after the first go */
    size_t n_in, n_out;
    bool functional;             /* the parameters were given: buffers stay as they are */
    struct wg_nn_record *record; /* the library's: what wg_nn_print writes down */
} wg_nn_call;

/* Inputs for the automatic checks of a kind: its options, and the shapes of its inputs. below: for an input of indices, i64, the number
   that they are below; 0: the input is of the options' dtype. n_out: how many results a kind of WG_NN_ANY results is asked for.
   surrogate: the gradient is by definition another than the derivative, which finite differences find. */
typedef struct wg_nn_sample {
    const void *options;
    int n_in;
    wg_shape in[4];
    int64_t below[4] WG_OR_ZERO_;
    int n_out WG_OR_ZERO_;
    bool surrogate WG_OR_ZERO_;
} wg_nn_sample;

/* A kind of module. The library's are made from layers.def; programs define their own as static constants. */
struct wg_nn_kind {
    const char *name;
    /* The output from x, the first input; a tape is open. NULL means failure, with the error recorded. Further inputs are in
       call->in, further results go to call->out[1], …; what is made and not returned may be dropped (wg_drop). */
    wg_tensor *(*forward)(const wg_nn_call *call, wg_tensor *x);
    /* Numbers of inputs and results. Not given (0) is one; WG_NN_ANY: call->n_in and call->n_out are what the caller has. */
    int n_in WG_OR_ZERO_, n_out WG_OR_ZERO_;
    /* The table of the struct of options that wg_nn_module_create checks and copies; NULL: there are none. */
    const wg_option_table *options WG_OR_ZERO_;
    /* Adds parameters, buffers and children to a new module; NULL: the caller does. */
    wg_status (*build)(wg_nn_module *module, const void *options) WG_OR_ZERO_;
    /* Of a kind with a context: destroy gives it back, once; copy makes another for wg_nn_copy. */
    void (*destroy)(void *context) WG_OR_ZERO_;
    void *(*copy)(const void *context)WG_OR_ZERO_;
    /* For checks that run on every kind of a list; the last one has n_in 0. */
    const wg_nn_sample *samples WG_OR_ZERO_;
};
enum { WG_NN_ANY = -1 };

/* A module of a kind: the options are checked by the kind's table (E_ARGUMENT) and copied, then build runs. kind is borrowed, usually
   a static constant; context is the module's from here on: on failure it is destroyed too. options and context are NULL where the
   kind has none. */
WG_API wg_nn_module *wg_nn_module_create(const struct wg_nn_kind *kind, const void *options, void *context);

/* Gives back the module, its children, its buffers and those of its parameters that no other module shares. NULL is allowed. A child
   is left alone, and E_STATE recorded: it dies with its parent. A destroyed module must not be used: it is not recognised, as a tensor
   is. */
WG_API void wg_nn_destroy(wg_nn_module *module);

/* A module with the same structure and options and copies of all values, such as a target network (wg_ema_update averages into it); what shares a parameter in net shares one in the copy, and
   what is frozen stays so. NULL is E_NULL; E_STATE for a kind that has a context and no copy function. */
WG_API wg_nn_module *wg_nn_copy(const wg_nn_module *net);

/* Adding to a module. Each takes over what it is given, on failure too (wg_adopt). A parameter is f32 or f64 and requires a
   gradient from here on; one that another module has already is shared: both own it, and a network that contains both lists it once,
   so it is counted, stepped and saved once. A buffer is state that is not trained, and requires no gradient (else E_ARGUMENT). Names
   are not empty, without '.', and each once in a module, else E_ARGUMENT; NULL is E_NULL; a module that is a child already can no
   longer change: E_STATE. A child in a child in a child … : at most WG_MAX_DEPTH modules, the outermost among them, else E_ARGUMENT,
   because their forward functions call one another. */
WG_API WG_MUST_CHECK wg_status wg_nn_add_parameter(wg_nn_module *module, const char *name, wg_tensor *t);
WG_API WG_MUST_CHECK wg_status wg_nn_add_buffer(wg_nn_module *module, const char *name, wg_tensor *t);
WG_API WG_MUST_CHECK wg_status wg_nn_add_child(wg_nn_module *module, const char *name, wg_nn_module *child);

/* What a module is made of. For a module that is NULL these give 0, NULL or "", and record E_NULL. */
WG_API size_t wg_nn_children(const wg_nn_module *module);
WG_API wg_nn_module *wg_nn_child(const wg_nn_module *module, size_t index); /* borrowed; NULL and E_ARGUMENT past the end */
WG_API const char *wg_nn_kind_name(const wg_nn_module *module);             /* the kind's */
WG_API const void *wg_nn_options(const wg_nn_module *module);               /* its copy; NULL if there are none */
WG_API void *wg_nn_context(const wg_nn_module *module);

/* ---- parameters ---- */

/* All parameters, the module's own first, then each child's, in the order in which they were added, each tensor once; buffers
   likewise. An empty list and E_NULL for NULL. */
WG_API wg_tensor_list wg_nn_parameters(const wg_nn_module *module);
WG_API wg_tensor_list wg_nn_buffers(const wg_nn_module *module);

/* The parameter or the buffer of that name, "encoder.0.weight"; NULL and E_ARGUMENT if there is none, with the names that there are. */
WG_API wg_tensor *wg_nn_parameter(const wg_nn_module *module, const char *name);
WG_API wg_tensor *wg_nn_buffer(const wg_nn_module *module, const char *name);

/* These three lend lists that stand until the module is changed or destroyed, or the same question is asked again. The lists of
   two patterns may be used at once. State: parameters and buffers, all that a run must restore, by name. Matching: the parameters
   whose names match a pattern, in which * stands for any text, ? for any character and all others for themselves; "!PATTERN" gives
   those that do not match; E_ARGUMENT if there are none. A tied parameter has several names: it matches if one of them does, and is
   listed by its first. Trainable: those that are not frozen. */
WG_API wg_tensor_list wg_nn_state(wg_nn_module *module);

/* The state under all its names, as PyTorch's state_dict has it: a tied tensor is there under each of its names. What wg_save writes of
   this list loads into the same module of PyTorch, strictly, and the other way round; without tied tensors it is wg_nn_state. Lent like
   those. */
WG_API wg_tensor_list wg_nn_state_dict(wg_nn_module *module);
WG_API wg_tensor_list wg_nn_matching(wg_nn_module *module, const char *pattern);
WG_API wg_tensor_list wg_nn_trainable(wg_nn_module *module);

/* Freezes the parameters that wg_nn_matching gives for a pattern, or unfreezes them: wg_nn_freeze(net, "encoder.*"). E_ARGUMENT as
   there.

   A frozen parameter requires no gradient. None is computed for it, what it has is thrown away, and an optimizer leaves it and its state
   alone. On a tape that used it before, backward still leaves a gradient on it, and no optimizer reads that. A replay does
   what was captured, whatever is frozen since.

   E_STATE inside a checkpointed function, which may not clear gradients. On failure none of them is frozen. */
WG_API WG_MUST_CHECK wg_status wg_nn_freeze(wg_nn_module *module, const char *pattern);
WG_API WG_MUST_CHECK wg_status wg_nn_unfreeze(wg_nn_module *module, const char *pattern);

/* Makes the parameter called name one with that called source: wg_nn_tie(net, "decoder.weight", "encoder.weight"). The former tensor
   of name is given back; make the optimizer afterwards, or its next step fails. Nothing changes on failure: E_SHAPE and E_DTYPE if they differ, E_ARGUMENT
   for an unknown name, E_STATE for a module that is a child. */
WG_API WG_MUST_CHECK wg_status wg_nn_tie(wg_nn_module *module, const char *name, const char *source);

/* All elements of a list of parameters, one after another, as a vector, on the open tape: a gradient flows to the parameters. Or the
   caller's with no tape open. All are of one dtype, else E_DTYPE; E_ARGUMENT for an empty list. */
WG_API wg_tensor *wg_nn_to_vector(wg_tensor_list params);
/* The inverse: fills params[0 … like.n) with views of the vector that have the shapes of like, for wg_nn_apply_with; a gradient
   flows to the vector. All are made, or none. E_SHAPE if the vector has not as many elements. */
WG_API WG_MUST_CHECK wg_status wg_nn_from_vector(wg_tensor *vector, wg_tensor_list like, wg_tensor **params);
/* params ← the elements of a vector, all or none; on an open tape an effect. They may share memory with the vector. E_DTYPE if it is
   of another dtype than they are. */
WG_API WG_MUST_CHECK wg_status wg_nn_assign(wg_tensor_list params, wg_tensor *vector);

/* ---- applying ---- */

/* y = net(x), or net(x, …) for a module of several inputs. With no tape open one is opened for the call, and the result is the
   caller's (wg_free), without history; where the network returns x or a parameter, or a view of one, it shares memory with that. The
   mode of training or use is the thread's (WG_EVAL_MODE). NULL and the error on failure; a NULL among the inputs gives NULL. Another
   number of inputs than the kind's is E_ARGUMENT. Forward functions run at most WG_MAX_DEPTH deep, else E_STATE: a module that applies
   itself without end fails. */
#ifndef __cplusplus
#define wg_nn_apply(net, ...) wg_nn_apply_to((net), WG_NN_TENSORS_(__VA_ARGS__))
/* For forward functions: applies the index-th child, with its part of the call's parameters, in a section of its name. */
#define wg_nn_apply_child(call, index, ...) wg_nn_apply_child_to((call), (index), WG_NN_TENSORS_(__VA_ARGS__))
#define WG_NN_TENSORS_(...) (wg_tensor *[]){__VA_ARGS__}, sizeof((wg_tensor *[]){__VA_ARGS__}) / sizeof(wg_tensor *)
#endif
WG_API wg_tensor *wg_nn_apply_to(const wg_nn_module *net, wg_tensor *const *in, size_t n_in);
WG_API wg_tensor *wg_nn_apply_child_to(const wg_nn_call *call, size_t index, wg_tensor *const *in, size_t n_in);

/* y = net(x) with other parameters: as many as wg_nn_parameters(net) has (else E_ARGUMENT), in that order, of those shapes and dtypes (else
   E_SHAPE, E_DTYPE); the names of the list are not read. They may be computed, and the gradient flows through them. A pure function of params, the buffers and x:
   running statistics are not updated. */
WG_API wg_tensor *wg_nn_apply_with(const wg_nn_module *net, wg_tensor_list params, wg_tensor *x);

/* Any numbers of inputs and results: out[0 … n_out), all of which are made, or none. params is NULL for the module's own. out is
   another array than in, else E_ARGUMENT. */
WG_API WG_MUST_CHECK wg_status wg_nn_apply_many(const wg_nn_module *net, const wg_tensor_list *params, wg_tensor *const *in,
                                                size_t n_in, wg_tensor **out, size_t n_out);
WG_API WG_MUST_CHECK wg_status wg_nn_apply_child_many(const wg_nn_call *call, size_t index, wg_tensor *const *in, size_t n_in,
                                                      wg_tensor **out, size_t n_out);

/* wg_nn_apply_child_many with some of the child's parameters replaced: those that the list names as the child does, "weight" or
   "encoder.0.weight", by its tensors, of their shapes and dtypes (else E_ARGUMENT, E_SHAPE, E_DTYPE). They may be computed, and the
   gradient flows through them; the others are the call's, and the child's buffers are updated as in any other call. So a module can
   compute a weight of another one: weight norm is written with it (nn/wrapper/weight_norm.c). */
WG_API WG_MUST_CHECK wg_status wg_nn_apply_child_with(const wg_nn_call *call, size_t index, wg_tensor_list with,
                                                      wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out);

/* For forward functions that apply children one after another: the index-th child and, where layers.def has a fusion of the two, the
   one after it, in one op and with the same bits. *index moves on to the child after what was applied. */
WG_API wg_tensor *wg_nn_apply_next(const wg_nn_call *call, size_t *index, wg_tensor *x);

/* ---- layers ---- */

/* Activations, element by element; the list is in layers.def. */
typedef enum wg_activation {
    WG_ACTIVATION_IDENTITY,
#define WG_ACTIVATION(name, NAME, gain) WG_ACTIVATION_##NAME,
#define WG_ACTIVATION_LAYER(name, NAME, gain) WG_ACTIVATION_##NAME,
#include "layers.def"
    WG_ACTIVATION_COUNT_
} wg_activation;
WG_API wg_nn_module *wg_nn_activation(wg_activation activation);
WG_API wg_nn_module *wg_nn_identity(void);

/* The gain of the weights before an activation: √2 for relu, √(2/(1 + slope²)) for leaky_relu, 5/3 for tanh, 3/4 for selu and 1 for the
   others. slope: leaky_relu's, by default 0.01. NaN and E_ARGUMENT for an activation that is not there, and for a slope where there is
   none. PyTorch: calculate_gain. */
typedef struct WG_NAMED wg_nn_gain_options {
    double slope;
} wg_nn_gain_options;
#define wg_nn_gain(activation, ...) wg_nn_gain_with((activation), WG_OPTIONS(wg_nn_gain_options, .slope = WG_NOT_SET, __VA_ARGS__))
WG_API double wg_nn_gain_with(wg_activation activation, wg_nn_gain_options options);

/* What the change that a block makes is added to, where it changes the image's size or channels: every other row and column of x, with
   zeros for new channels (option A of He and others, 2016), or a 1x1 convolution of x with batch normalisation (option B). */
typedef enum wg_shortcut { WG_SHORTCUT_PAD, WG_SHORTCUT_PROJECTION } wg_shortcut;

/* wg_nn_NAME(sizes, .option = value, …), and wg_nn_NAME() of an activation. NULL and the error on failure: E_ARGUMENT (an option out
   of its range), E_MEMORY. */
#define WG_SIZE(name, help, ...) int64_t name;
#define WG_INT(name, preset, help, ...) int64_t name;
#define WG_REAL(name, preset, help, ...) double name;
#define WG_BOOL(name, preset, help) bool name;
#define WG_DTYPE(name, preset, help) wg_dtype name;
#define WG_CHOICE(name, preset, help, type) type name;
#define WG_BOTH(name, preset, help, ...) wg_pair name;
#define WG_THREE(name, preset, help, ...) wg_triple name;
#define WG_EXTENTS(name, help, ...) wg_shape name;
#define WG_GENERATOR(name) wg_tensor *name;
#define WG_ACTIVATION(name, NAME, gain) WG_API wg_nn_module *wg_nn_##name(void);
#define WG_LAYER(name, options)                      \
    typedef struct WG_NAMED wg_nn_##name##_options { \
        options                                      \
    } wg_nn_##name##_options;                        \
    WG_API wg_nn_module *wg_nn_##name##_with(wg_nn_##name##_options options_);
#include "layers.def"
#undef WG_SIZE
#undef WG_INT
#undef WG_REAL
#undef WG_BOOL
#undef WG_DTYPE
#undef WG_CHOICE
#undef WG_BOTH
#undef WG_THREE
#undef WG_EXTENTS
#undef WG_GENERATOR
#include <wengert/layers_options.h>

/* The layers one after another: wg_nn_sequential(wg_nn_linear(2, 8), wg_nn_tanh(), wg_nn_linear(8, 1)). They become children
   "0", "1", … The first is given all inputs, each other one the results of the one before. If one is NULL the result is NULL and the
   others are destroyed. */
#ifndef __cplusplus
#define wg_nn_sequential(...) \
    wg_nn_sequential_with((wg_nn_module *[]){__VA_ARGS__}, sizeof((wg_nn_module *[]){__VA_ARGS__}) / sizeof(wg_nn_module *))
#endif
WG_API wg_nn_module *wg_nn_sequential_with(wg_nn_module *const *layers, size_t n);

/* y = module(x) + x or, with a shortcut, module(x) + shortcut(x): wg_nn_residual(block), wg_nn_residual(block, .shortcut = projection).
   They become children "module" and "shortcut". E_SHAPE unless both results have one shape: nothing is broadcast. If module is NULL the
   result is NULL and the shortcut is destroyed; a shortcut of NULL is none. Source: He, Zhang, Ren, Sun, 2016. */
typedef struct WG_NAMED wg_nn_residual_options {
    wg_nn_module *shortcut;
} wg_nn_residual_options;
#define wg_nn_residual(module, ...) wg_nn_residual_with((module), WG_OPTIONS(wg_nn_residual_options, .shortcut = NULL, __VA_ARGS__))
WG_API wg_nn_module *wg_nn_residual_with(wg_nn_module *module, wg_nn_residual_options options);

/* Modules of one input, whose results are joined along an axis, or added: wg_nn_parallel(WG_NN_MODULES(a, b), .axis = 1), or
   .add = true, where the axis is not read. They become children "0", "1", … and are applied in this order. E_SHAPE unless the results'
   shapes agree, on all axes but the one along which they are joined. If one is NULL the result is NULL and the others are destroyed. */
typedef struct wg_nn_module_list {
    size_t n;
    wg_nn_module *const *module;
} wg_nn_module_list;
#ifndef __cplusplus
#define WG_NN_MODULES(...) \
    ((wg_nn_module_list){sizeof((wg_nn_module *[]){__VA_ARGS__}) / sizeof(wg_nn_module *), (wg_nn_module *[]){__VA_ARGS__}})
#endif
typedef struct WG_NAMED wg_nn_parallel_options {
    int64_t axis;
    bool add;
} wg_nn_parallel_options;
#define wg_nn_parallel(modules, ...) \
    wg_nn_parallel_with((modules), WG_OPTIONS(wg_nn_parallel_options, .axis = 1, .add = false, __VA_ARGS__))
WG_API wg_nn_module *wg_nn_parallel_with(wg_nn_module_list modules, wg_nn_parallel_options options);

/* A multilayer perceptron, a sequential module: WG_SIZES(2, 8, 1) is 2 inputs, 8 hidden units, 1 output. Each linear layer but the
   last is followed by batch normalisation, if wanted, and the activation. The weights are drawn from stream WG_STREAM_INIT of the
   seed: two networks of one seed are equal. With WG_NO_SEED the seed is drawn from this thread's generator, so no two networks
   are. With a rule that has a gain it is the activation's. */
typedef struct WG_NAMED wg_nn_mlp_options {
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

/* ---- printing ---- */

/* The module as its constructor was called, "linear(in=2, out=8, bias=false)": sizes, and options that are not at their defaults. Cut
   to size bytes; returns text, which is "" for NULL, with E_NULL recorded. */
WG_API char *wg_nn_describe(const wg_nn_module *module, char *text, size_t size);

/* A table of the network: wg_nn_print(net, stdout), or wg_nn_print(net, stdout, WG_SHAPE(32, 784)) with the shapes of its inputs. Each
   module has a line: its name, kind and options, its own parameters with their bytes, how many of them are frozen, whether another module shares one (the sum below counts it once) and, if shapes are given, the shape of its result and the operations that it and its children make: counted additions, multiplications, divisions,
   comparisons and calls of functions such as exp (wg_cost_of). For these the network is applied once to zeros of its parameters' dtype
   (f32 without parameters), in WG_EVAL_MODE on a tape of its own, so nothing changes. E_NULL, E_IO, and the errors of wg_nn_apply. */
#ifndef __cplusplus
#define wg_nn_print(net, stream, ...) \
    wg_nn_print_with((net), (stream), WG_NN_SHAPES_(__VA_ARGS__) + 1, sizeof(WG_NN_SHAPES_(__VA_ARGS__)) / sizeof(wg_shape) - 1)
#define WG_NN_SHAPES_(...) \
    ((const wg_shape[]){{-1, {0}}, __VA_ARGS__}) /* the first one is left out: a list in braces is not empty */
#endif
WG_API WG_MUST_CHECK wg_status wg_nn_print_with(const wg_nn_module *net, FILE *stream, const wg_shape *in, size_t n_in);
/* The same with the network applied to in[0 … n_in), for inputs that zeros of the parameters' dtype do not stand for, such as
   indices, i64: wg_nn_print_on(net, stdout, &tokens, 1). */
WG_API WG_MUST_CHECK wg_status wg_nn_print_on(const wg_nn_module *net, FILE *stream, wg_tensor *const *in, size_t n_in);

#ifdef __cplusplus
}
#endif

#endif
