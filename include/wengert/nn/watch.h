/* Watching the modules of a network while it is applied: what each was given, and what it made of it. For instruments and for
   optimizers that need more than gradients (wg_kfac). */
#ifndef WENGERT_NN_WATCH_H
#define WENGERT_NN_WATCH_H

#include "../base.h"

#ifndef WG_CHECK_HEADERS
#pragma GCC system_header /* as in nn.h */
#endif

#include "../nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called after the forward function of each module, children before the module around them, in its section: call->module, its
   parameters of this call, inputs in call->in and results in call->out, all still there. The function may compute by ops, hold
   values (wg_hold) and add hooks to results (wg_add_hook); it may not write, drop or free what it is shown. Another status than
   WG_OK fails the application. */
typedef wg_status wg_nn_watcher(const wg_nn_call *call, void *context);

/* wg_nn_apply_many with the network's own parameters, and watcher called with context for each of its modules, itself among them.
   The results have the bits of wg_nn_apply; layers that layers.def fuses are applied one by one, so that the value between them
   is seen. Modules that a forward function applies otherwise than as its children (wg_nn_apply of another network) are not seen.
   Errors: those of wg_nn_apply_many and of the watcher; E_NULL. */
WG_API WG_MUST_CHECK wg_status wg_nn_apply_watched(const wg_nn_module *net, wg_nn_watcher *watcher, void *context,
                                                   wg_tensor *const *in, size_t n_in, wg_tensor **out, size_t n_out);

#ifdef __cplusplus
}
#endif

#endif
