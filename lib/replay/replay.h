/* A replay: calls made ready, with the addresses of their operands, and a loop over them. */
#ifndef WG_REPLAY_H
#define WG_REPLAY_H

#include "replay/plan.h"

enum wg_action_kind {
    WG_RUN_KERNEL,
    WG_RUN_ROWS,
    WG_RUN_PACKED,
    WG_RUN_SAVE,   /* what the next kernel changes is copied: a kernel after it may fail */
    WG_RUN_COMMIT, /* what was changed so far stays */
};

struct wg_rows;   /* a group, in fused_run.c */
struct wg_packed; /* a group of scalar calls, in pack.c */
enum { WG_LEAST_PACKED = 32 };

struct wg_saved {
    char *at, *copy;
    size_t bytes;
};

struct wg_action {
    enum wg_action_kind kind;
    wg_kernel *kernel;
    union {
        const wg_call *call;
        const struct wg_saved *saved;
        struct wg_rows *rows;
        const struct wg_packed *packed;
    } of;
};

/* An address that follows what an input is bound to: of a tensor's data, or of a pointer in a prepared call. */
struct wg_patch {
    char **where;
    uint32_t buffer;
    int64_t offset;
    struct wg_span read; /* by the launch */
};

struct wg_binding {
    uint32_t buffer;
    struct wg_span bytes;       /* of the input */
    struct wg_storage *instead; /* with a reference; NULL: itself */
};

struct wg_replay {
    struct wg_log log; /* the first member; its places, dims, arena and contexts */
    struct wg_storage *block;
    struct wg_action *actions;
    size_t n_actions;
    struct wg_array patches, bindings;
    struct wg_array changed; /* pointers to the places that a run writes and that are there afterwards */
    wg_replay_info info;
    bool busy; /* it runs, or is being destroyed: functions of the user's that are called meanwhile may do neither */
};

static inline struct wg_buffer *wg_changed_buffer(const struct wg_replay *replay, size_t i)
{
    return *WG_AT(replay->changed, struct wg_buffer *, i);
}

wg_replay *wg_capture_for(const char *name, wg_step *step,
                          void *context); /* wg_replay_capture, for the public function of that name */
/* May this thread run or change the replay now? Else the error, of the function of that name. */
wg_status wg_replay_check(struct wg_thread *th, const wg_replay *replay, const char *name);
char *wg_address(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_operand *operand);
/* That address, at where, is to follow what an input is bound to, if it lies in one. */
wg_status wg_follow(struct wg_replay *replay, char **where, const struct wg_operand *operand);
wg_status wg_rows_new(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_rows **made);
void wg_rows_run(struct wg_replay *replay, struct wg_rows *rows);
/* Strides of a row by the set of inputs (bit i: input i) of which one element stands for all. */
const int64_t *wg_strides_of(unsigned singles);
/* NULL, and WG_OK, where that cannot be done. */
wg_status wg_pack(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_packed **made);
void wg_packed_run(const struct wg_packed *packed);

#endif
