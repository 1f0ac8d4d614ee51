/* Datasets whose rows x are those of another, changed. The row of the dataset beneath is made in the workspace. */
#include "dataset.h"

struct change {
    const wg_dataset *base;
    wg_dataset_map_function *function;
    void *context;
    void (*destroy)(void *context);
    size_t row_bytes; /* of the base's row in the workspace, whole lines */
};

/* Each change of a chain draws from a part of the stream of its own: the inner one from the part before. */
static wg_status changed_item(void *context, const wg_dataset_item *item)
{
    const struct change *change = context;
    char *row = item->workspace;
    wg_dataset_random random = *item->random;
    random.block -= (uint64_t)1 << DATASET_BLOCK_BITS;
    const wg_dataset_item beneath = {item->index, row, item->y, &random, row + change->row_bytes};
    WG_TRY(change->base->function(change->base->context, &beneath));
    const wg_dataset_item here = {item->index, item->x, item->y, item->random, row + change->row_bytes};
    return change->function(change->context, row, &here);
}

static void end_change(void *context)
{
    struct change *change = context;
    if (change->destroy)
        change->destroy(change->context);
    free(change);
}

static wg_status check_map(const wg_dataset *dataset, wg_dataset_map_function *function)
{
    const char *op = "dataset_map";
    if (!dataset || !function)
        return wg_error_set(WG_E_NULL, op, "%s: the %s is NULL", op, dataset ? "function" : "dataset");
    if (dataset->steps >= DATASET_MAX_STEPS)
        return wg_error_set(WG_E_ARGUMENT, op, "%s: more than %d changes in a chain", op, DATASET_MAX_STEPS);
    return WG_OK;
}

wg_dataset *wg_dataset_map_with(wg_dataset *dataset, wg_dataset_map_function *function, void *context,
                                wg_dataset_map_options options)
{
    const char *op = "dataset_map";
    if (check_map(dataset, function) != WG_OK)
        return NULL;
    struct change *change = malloc(sizeof *change);
    if (!change) {
        (void)wg_error_set(WG_E_MEMORY, op, "%s: out of memory", op);
        return NULL;
    }
    const size_t row_bytes = dataset->x_bytes + (size_t)(-(intptr_t)dataset->x_bytes & (DATASET_ALIGNMENT - 1));
    *change = (struct change){dataset, function, context, options.destroy, row_bytes};
    struct wg_dataset model = {.info = dataset->info,
                               .steps = dataset->steps + 1,
                               .base = dataset,
                               .function = changed_item,
                               .context = change,
                               .destroy = end_change};
    if (options.dtype != -1)
        model.info.x.dtype = (wg_dtype)options.dtype;
    if (options.shape.rank != 0)
        model.info.x.shape = options.shape;
    const size_t beneath = dataset->info.workspace;
    model.info.workspace = options.workspace > beneath ? options.workspace : beneath;
    if (__builtin_add_overflow(model.info.workspace, row_bytes, &model.info.workspace))
        model.info.workspace = SIZE_MAX; /* which is refused */
    wg_dataset *made = dataset_new(op, &model);
    if (!made)
        free(change);
    return made;
}
