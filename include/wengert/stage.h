/* Stages: what an optimizer does to gradients before its rule, and to parameters behind it.

   An optimizer is a chain: stages in front of the rule, each of which makes another gradient of the gradient; the rule; stages
   behind it, each of which makes another value of what the parameter becomes. One of optimizers.def is a rule alone, to which
   stages are added:

       wg_optim *opt = wg_optim_adam(wg_nn_parameters(net), .lr = 1e-3);
       WG_TRY(wg_optim_add_stage(opt, wg_stage_clip_norm(.limit = 1)));
       WG_TRY(wg_optim_add_stage(opt, wg_stage_ema(.decay = 0.999)));

   or the rule is itself put together from stages. This is AdamW, with its norm clipped:

       wg_optim *opt = wg_optim_chain(wg_nn_parameters(net), wg_stage_clip_norm(.limit = 1), wg_stage_adam(.beta2 = 0.95),
                                      wg_stage_decay(.weight_decay = 0.1), wg_stage_rate(.lr = 1e-3));

   The order of the stages is the order of the formula: decay in front of adam goes through the moments, decay behind it does not.
   A step runs the whole chain in one pass over memory, and where a stage needs a sum over all parameters (clip_norm) in one more
   for each. The constructors return NULL and record the error on failure: E_ARGUMENT (an option out of its range), E_MEMORY. */
#ifndef WENGERT_STAGE_H
#define WENGERT_STAGE_H

#include "base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in tape.h */
#endif

#include "optim.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wg_stage wg_stage;

/* One function each: wg_stage_momentum(.momentum = 0.9). stages.def states their formulas and options. none_: C has no
   empty struct. */
#define WG_REAL(name, preset, help, ...) double name;
#define WG_BOOL(name, preset, help) bool name;
#define WG_STAGE(name, options)                         \
    typedef struct WG_NAMED wg_stage_##name##_options { \
        options int none_;                              \
    } wg_stage_##name##_options;                        \
    WG_API wg_stage *wg_stage_##name##_with(wg_stage_##name##_options options_);
#include "stages.def"
#undef WG_REAL
#undef WG_BOOL
#undef WG_STAGE
#include <wengert/stage_options.h>

/* A stage that becomes no optimizer's. NULL is allowed. */
WG_API void wg_stage_destroy(wg_stage *stage);

/* An optimizer of stages: a step is p ← p - u, where u is the gradient after all stages in front, then the stages behind. Among
   them is one wg_stage_rate, which multiplies by the learning rate. The stages are the optimizer's from here on; on failure they
   are freed, so that calls can be nested. NULL and the error: E_NULL (a stage is NULL), E_ARGUMENT (no rate or two, more than
   WG_MAX_STAGES stages, a stage that acts on gradients behind one that acts on parameters, and what wg_optim_sgd says of params).
   keep_grads: a step does not consume the gradients. */
#ifndef __cplusplus
#define wg_optim_chain(params, ...) \
    wg_optim_chain_with((params), (wg_stage *[]){__VA_ARGS__}, sizeof((wg_stage *[]){__VA_ARGS__}) / sizeof(wg_stage *), false)
#else
#define wg_optim_chain(params, ...) wg_optim_chain_((params), {__VA_ARGS__})
#endif
enum { WG_MAX_STAGES = 32 };
WG_API wg_optim *wg_optim_chain_with(wg_tensor_list params, wg_stage *const *stages, size_t n, bool keep_grads);

/* Adds a stage to an optimizer: in front of the rule, behind those that are there already, if it acts on gradients, and else at
   the end. An optimizer of wg_optim_chain is given its stages on gradients when it is made. A step that was captured before does
   not have the stage. Its state begins anew, and so does t in its formula. Its options are called by their own names
   (wg_optim_set(opt, 0, "limit", 1)), or "clip_norm.limit" where another link of the chain has one of that name. The stage is the
   optimizer's from here on, and freed on failure, where nothing else changes: E_NULL, E_ARGUMENT (a second rate, too many stages,
   a stage on gradients for a chain), E_STATE (the parameters are exchanged), E_DANGLING (a parameter was freed), E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_optim_add_stage(wg_optim *optim, wg_stage *stage);

/* For a stage that leads ahead (sam, extragradient): moves the parameters to the point at which the next gradient is to be taken,
   and takes the gradients away. The next wg_optim_step begins where they were:

       WG_TRY(wg_backward(loss(net, x, y)));
       WG_TRY(wg_optim_step_ahead(opt));
       WG_TRY(wg_backward(loss(net, x, y)));
       WG_TRY(wg_optim_step(opt));

   A wg_optim_step without it is the rule's alone. Errors: those of wg_optim_step; E_STATE (no stage leads ahead). */
WG_API WG_MUST_CHECK wg_status wg_optim_step_ahead(wg_optim *optim);

/* Puts a state in place of the parameters, and the parameters in place of the state: "average" (ema, swa), "slow" (lookahead),
   "x" (the schedule-free optimizers), "ema.average" where several have one. The next call takes them back; there is no step and
   no wg_optim_add_stage between (E_STATE), and should be no wg_replay_run, which does not check it. A parameter that has not
   taken a step stays. All are exchanged, or none. Not in a capture (E_STATE). Batch norm's statistics are those of the other
   weights: run the network over data again before evaluating. E_NULL, E_ARGUMENT (no state of that name), E_STATE (it has not the
   parameter's shape; another is exchanged), E_DANGLING, E_MEMORY. */
WG_API WG_MUST_CHECK wg_status wg_optim_exchange(wg_optim *optim, const char *state);

#ifdef __cplusplus
}

extern "C++" template <size_t n> inline wg_optim *wg_optim_chain_(wg_tensor_list params, wg_stage *const (&stages)[n])
{
    return wg_optim_chain_with(params, stages, n, false);
}
#endif

#endif
