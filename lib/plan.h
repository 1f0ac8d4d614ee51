/* What becomes of a log: which launches are left, in which order and groups they run, and where what they make lies. */
#ifndef WG_PLAN_H
#define WG_PLAN_H

#include "log.h"

/* Launches that run as one. */
struct wg_unit {
    size_t first, n; /* in order */
};

struct wg_plan {
    const struct wg_log *log;
    uint32_t *order; /* numbers of the launches that are left, as they run */
    size_t n;
    struct wg_array units;
    size_t *at; /* of each internal place: where in the block; WG_UNPLANNED: nothing of it is left */
    size_t block;
};

#define WG_UNPLANNED SIZE_MAX

/* The launches that a result or an effect needs, each a unit of its own. */
wg_status wg_plan_begin(struct wg_plan *plan, const struct wg_log *log);
/* Memory: for each internal place that units use, from the first to the last of them. */
wg_status wg_plan_memory(struct wg_plan *plan);
void wg_plan_end(struct wg_plan *plan);

#endif
