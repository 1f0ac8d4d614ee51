/* Applying a network with a function of the program's that is shown each call. */
#include "wengert/nn/watch.h"

#include "module.h"
#include "wengert/tape.h"

/* One record for all modules. */
struct watch {
    struct wg_nn_record record; /* first, for note and child */
    wg_nn_watcher *watcher;
    void *context;
};

/* A call that is shown. */
struct shown {
    const struct watch *watch;
    const wg_nn_call *call;
};

static wg_status show(void *context)
{
    const struct shown *shown = context;
    return shown->watch->watcher(shown->call, shown->watch->context);
}

static wg_status note(struct wg_nn_record *record, const wg_nn_call *call)
{
    struct shown shown = {(const struct watch *)(void *)record, call};
    return wg_callback_run("nn_apply_watched", "the watcher of ", wg_nn_kind_name(call->module), show, &shown);
}

static struct wg_nn_record *child(struct wg_nn_record *record, size_t index)
{
    (void)index;
    return record;
}

wg_status wg_nn_apply_watched(const wg_nn_module *net, wg_nn_watcher *watcher, void *context, wg_tensor *const *in, size_t n_in,
                              wg_tensor **out, size_t n_out)
{
    const char *op = "nn_apply_watched";
    struct watch watch = {{note, child}, watcher, context};
    if (!watcher)
        return nn_null_argument(op, "the watcher");
    return nn_apply_recorded(net, in, n_in, out, n_out, &watch.record, op);
}
