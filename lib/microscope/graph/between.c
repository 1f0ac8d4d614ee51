/* wg_graph_find_between: an op on a path from one tensor to another. Two passes over the nodes between the two, whose marks stay in the
   nodes: forward, which nodes depend on the first tensor; backward, on which of these the second one depends. */
#include <string.h>

#include "core/internal.h"
#include "wengert/graph.h"

struct path {
    const wg_tensor *from; /* as nodes know it: of a proxy its leaf */
    struct wg_node *end;   /* that made the second tensor */
    uint64_t reached, on_path;
};

/* A gradient of the node's results flows to its operands. */
static bool passes(const struct wg_node *node)
{
    return node->needs && !(node->call.op->flags & WG_OP_STOP_GRADIENT);
}

static const wg_tensor *leaf_of(const wg_tensor *t)
{
    return t->flags & WG_T_PROXY ? t->from.leaf : t;
}

/* The node that made an operand; NULL: none of an open tape did. */
static struct wg_node *maker_of(const wg_tensor *t)
{
    return t->tape && !(t->flags & WG_T_PROXY) ? t->from.node : NULL;
}

static bool depends(const struct path *path, const struct wg_node *node)
{
    for (unsigned i = 0; i < node->call.n_in; i++) {
        const wg_tensor *in = node->call.in[i];
        const struct wg_node *maker = maker_of(in);
        if (leaf_of(in) == path->from || (maker && maker->searched == path->reached))
            return true;
    }
    return false;
}

/* Marks the nodes up to the end that depend on the first tensor; from: the node behind the one that made it. */
static void reach(const struct path *path, const wg_tape *tape, struct wg_node *node)
{
    for (; tape; tape = tape->above, node = tape ? tape->first : NULL)
        for (; node && node->seq <= path->end->seq; node = node->next)
            if (passes(node) && depends(path, node))
                node->searched = path->reached;
}

static const char *name_among(const struct wg_node *node, const char *const *ops, size_t n_ops)
{
    for (size_t i = 0; i < n_ops; i++)
        if (strcmp(node->call.op->name, ops[i]) == 0)
            return node->call.op->name;
    return NULL;
}

/* The first of the ops among the marked nodes on which the end depends. */
static const char *look_back(const struct path *path, const wg_tape *tape, uint64_t first, const char *const *ops, size_t n_ops)
{
    const char *found = NULL;
    struct wg_node *node = path->end;
    if (node->searched == path->reached)
        node->searched = path->on_path;
    for (; tape; tape = tape->below, node = tape ? tape->last : NULL)
        for (; node && node->seq >= first; node = node->prev) {
            if (node->searched != path->on_path)
                continue;
            const char *name = name_among(node, ops, n_ops);
            found = name ? name : found;
            for (unsigned i = 0; i < node->call.n_in; i++) {
                struct wg_node *maker = maker_of(node->call.in[i]);
                if (maker && maker->searched == path->reached)
                    maker->searched = path->on_path;
            }
        }
    return found;
}

wg_status wg_graph_find_between(const wg_tensor *from, const wg_tensor *to, const char *const *ops, size_t n_ops,
                                const char **found)
{
    const char *op = "graph_find_between";
    WG_OPERATION(op);
    if (!found || (!ops && n_ops > 0))
        return wg_fail(WG_E_NULL, op, "%s: expected %s, got NULL", op, found ? "names of ops" : "a place for the name");
    *found = NULL;
    for (size_t i = 0; i < n_ops; i++)
        if (!ops[i])
            return wg_fail(WG_E_NULL, op, "%s: the name of op %zu is NULL", op, i);
    WG_TRY(wg_check_handle(from, op, 0));
    WG_TRY(wg_check_handle(to, op, 1));
    struct wg_thread *th = wg_self();
    struct wg_node *end = maker_of(to);
    if (!end)
        return WG_OK;
    const wg_tape *tape = from->tape;
    if (!tape) /* a leaf of the caller's, which any open tape may have used */
        for (tape = th->top; tape->below;)
            tape = tape->below;
    struct wg_node *made = maker_of(from), *first = made ? made->next : tape->first;
    const uint64_t reached = ++th->search, on_path = ++th->search;
    const struct path path = {leaf_of(from), end, reached, on_path};
    reach(&path, tape, first);
    *found = look_back(&path, to->tape, made ? made->seq : 0, ops, n_ops);
    return WG_OK;
}
