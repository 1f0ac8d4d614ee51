/* A replay: an array of prepared actions with the addresses of their operands. A run executes them in order. */
#ifndef WG_REPLAY_H
#define WG_REPLAY_H

#include "replay/plan.h"

enum wg_action_kind {
    WG_RUN_KERNEL,
    WG_RUN_ROWS,
    WG_RUN_PACKED,
    WG_RUN_SAVE,   /* save what the next kernel changes, because a later kernel may fail */
    WG_RUN_COMMIT, /* make all changes so far final */
};

struct wg_rows;   /* a group, in fused_run.c */
struct wg_packed; /* a group of scalar calls, in pack.c */
enum { WG_MIN_PACKED = 32 };

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

/* An address that must follow the binding of an input: the data of a tensor, or a pointer in a prepared call. */
struct wg_patch {
    char **where;
    uint32_t buffer;
    int64_t offset;
    struct wg_span read; /* the bytes that the launch reads */
};

struct wg_binding {
    uint32_t buffer;
    struct wg_span bytes;       /* of the input */
    struct wg_storage *instead; /* with a reference; NULL: the input itself */
};

struct wg_replay {
    struct wg_log log; /* the first member; after the capture its buffers, dims, arena and contexts are still used */
    struct wg_storage *block;
    struct wg_action *actions;
    size_t n_actions;
    struct wg_array patches, bindings;
    struct wg_array changed; /* pointers to the buffers that a run writes and that outlive it */
    wg_replay_info info;
    bool is_update; /* one update, whose commit makes its changes final: none need be undone after it */
    bool busy;      /* the replay runs or is being destroyed; a user function called meanwhile may do neither */
};

static inline struct wg_buffer *wg_changed_buffer(const struct wg_replay *replay, size_t i)
{
    return *WG_NTH(replay->changed, struct wg_buffer *, i);
}

/* Implements the public function of that name. is_update: the step is one update, which may run on an open tape. */
wg_replay *wg_capture_for(const char *name, wg_step *step, void *context, bool is_update);
wg_status wg_run_actions(struct wg_thread *th, wg_replay *replay);
/* Checks that this thread may run or change the replay now; errors name the given function. */
wg_status wg_replay_check(struct wg_thread *th, const wg_replay *replay, const char *name);
char *wg_address(const struct wg_replay *replay, const struct wg_plan *plan, const struct wg_operand *operand);
/* Registers the address at *where, so that it follows the binding if the operand is part of an input. */
wg_status wg_follow(struct wg_replay *replay, char **where, const struct wg_operand *operand);
wg_status wg_rows_new(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_rows **made);
void wg_rows_run(struct wg_replay *replay, struct wg_rows *rows);
/* The strides of a row by the set of its single inputs (bit i: one element of input i is broadcast). */
const int64_t *wg_strides_of(unsigned singles);
/* Sets *made to NULL and returns WG_OK if the unit cannot be packed. */
wg_status wg_pack(struct wg_replay *replay, const struct wg_plan *plan, const struct wg_unit *unit, struct wg_packed **made);
void wg_packed_run(const struct wg_packed *packed);

#endif
