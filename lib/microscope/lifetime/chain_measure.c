/* The stages of a chain, measured in the recording of a step without checkpoints. */
#include "core/arena.h"
#include "microscope/lifetime/lifetime_data.h"
#include "wengert/chain.h"

struct measure {
    const wg_lifetime *l;
    wg_chain_stage *stage;
    size_t n;
    size_t *stage_of; /* of each step up to the end of backward */
    size_t backward;  /* the first step of the backward pass */
    size_t end;       /* behind its last one */
    struct wg_lifetime_level *level;
};

static const char op[] = "chain_of";

static wg_status refuse(const char *why)
{
    return wg_fail(WG_E_ARGUMENT, op, "%s: %s", op, why);
}

/* ---- which step belongs to which stage ---- */

/* The section directly inside `outer` that holds the step's section; outer itself if there is none. */
static size_t child_of(const wg_lifetime *l, size_t section, size_t outer)
{
    while (section != 0 && section != outer && l->section[section].parent != outer)
        section = l->section[section].parent;
    return section != 0 && section != outer ? section : outer;
}

static size_t stage_with(const struct measure *m, size_t section)
{
    size_t i = 0;
    while (i < m->n && m->stage[i].section != section)
        i++;
    return i;
}

static wg_status add_stage(struct measure *m, size_t section, size_t most)
{
    if (m->n == most)
        return wg_fail(WG_E_ARGUMENT, op, "%s: expected at most %d stages", op, WG_CHAIN_MAX);
    m->stage[m->n++] = (wg_chain_stage){.section = section, .known = true};
    return WG_OK;
}

static wg_status find_backward(struct measure *m)
{
    const wg_lifetime *l = m->l;
    m->backward = 0;
    while (m->backward < l->n_steps && l->step[m->backward].part != WG_COST_BACKWARD)
        m->backward++;
    m->end = m->backward;
    while (m->end < l->n_steps && l->step[m->end].part == WG_COST_BACKWARD)
        m->end++;
    return m->backward < m->end ? WG_OK : refuse("no backward pass was recorded");
}

/* Forward: a step outside all stages belongs to the one before it, or, behind the last stage, to what follows the stages. */
static wg_status assign_forward(struct measure *m, size_t outer)
{
    size_t last = 0;
    for (size_t i = 0; i < m->backward; i++) {
        const size_t section = child_of(m->l, m->l->step[i].section, outer);
        size_t at = section == outer ? (m->n ? m->n - 1 : 0) : stage_with(m, section);
        if (section != outer && at < m->n && at + 1 < m->n)
            return refuse("the sections do not run one after the other");
        if (at == m->n && section != outer)
            WG_TRY(add_stage(m, section, WG_CHAIN_MAX - 1));
        last = section == outer ? last : i;
        m->stage_of[i] = at;
    }
    if (m->n < 1)
        return refuse("expected sections inside the given one");
    for (size_t i = last + 1; i < m->backward; i++)
        m->stage_of[i] = m->n;
    return add_stage(m, outer, WG_CHAIN_MAX);
}

/* Each op is a stage, with the views of its result. */
static wg_status assign_nodes(struct measure *m)
{
    for (size_t i = 0; i < m->backward; i++) {
        const wg_lifetime_step *step = &m->l->step[i];
        if (m->n == 0 || !step->is_view)
            WG_TRY(add_stage(m, step->section, WG_CHAIN_MAX));
        m->stage_of[i] = m->n - 1;
    }
    return m->n > 1 ? WG_OK : refuse("expected two ops or more before backward");
}

/* The stage to which a step of backward belongs; `at` if it is in none. */
static size_t backward_stage(const struct measure *m, size_t step, size_t outer, size_t at)
{
    const size_t cause = m->l->step[step].cause;
    if (outer == WG_CHAIN_NODES)
        return cause < m->backward ? m->stage_of[cause] : at;
    const size_t section = child_of(m->l, m->l->step[step].section, outer);
    return section == outer ? at : stage_with(m, section);
}

/* Backward: from the last stage to the first. A step outside all stages belongs to the stage at which backward has arrived. */
static void assign_backward(struct measure *m, size_t outer)
{
    size_t at = m->n - 1;
    for (size_t i = m->backward; i < m->end; i++) {
        const size_t found = backward_stage(m, i, outer, at);
        at = found < at ? found : at;
        m->stage_of[i] = at;
    }
}

/* ---- sums over steps and buffers ---- */

static void add_costs(struct measure *m)
{
    for (size_t i = 0; i < m->end; i++) {
        const wg_lifetime_step *step = &m->l->step[i];
        wg_chain_stage *stage = &m->stage[m->stage_of[i]];
        *(i < m->backward ? &stage->forward : &stage->backward) += wg_cost_operations(step->cost);
        stage->known = stage->known && step->known;
    }
}

/* A result that forward uses later than in the next stage makes the network no chain. */
static wg_status add_forward_buffer(struct measure *m, const wg_lifetime_buffer *buffer)
{
    const size_t made = m->stage_of[buffer->made_last < m->backward ? buffer->made_last : buffer->made_by];
    const size_t used = buffer->last_forward_use < m->backward ? m->stage_of[buffer->last_forward_use] : made;
    if (used > made + 1)
        return wg_fail(WG_E_ARGUMENT, op, "%s: stage %zu reads a result of stage %zu, which is not the one before it", op, used,
                       made);
    const bool kept = buffer->died == WG_LIFETIME_NONE || buffer->died > m->l->step[m->backward].time;
    if (kept)
        m->stage[made].kept += (int64_t)buffer->block;
    if (used == made + 1)
        m->stage[made].result += (int64_t)buffer->block;
    if (used == made + 1 && !kept) /* the checkpoint's result, which nothing reads in backward, would be kept */
        m->stage[made].kept += (int64_t)buffer->block;
    return WG_OK;
}

static wg_status add_buffers(struct measure *m)
{
    const size_t end_time = m->l->step[m->end - 1].time;
    for (size_t i = 0; i < m->l->n_buffers; i++) {
        const wg_lifetime_buffer *buffer = &m->l->buffer[i];
        if (buffer->kind != WG_LIFETIME_VALUE || buffer->made_by == WG_LIFETIME_NONE || buffer->made_by >= m->end)
            continue;
        if (buffer->made_by < m->backward)
            WG_TRY(add_forward_buffer(m, buffer));
        else if (buffer->died == WG_LIFETIME_NONE || (buffer->died > end_time && buffer->reason != WG_LIFETIME_BACKWARD))
            m->stage[m->stage_of[buffer->made_by]].gradients += (int64_t)buffer->block;
    }
    return WG_OK;
}

/* The highest level of values that a stage reaches by its own buffers, or that is in use when its last step runs. What the stage before
   gives back at the beginning of the time does not count. */
static int64_t highest(const struct measure *m, size_t from, size_t to)
{
    int64_t most = m->level[to].values;
    for (size_t time = from ? from : 1; time <= to; time++)
        if (m->level[time].values > m->level[time - 1].values && m->level[time].values > most)
            most = m->level[time].values;
    return most;
}

static void add_peaks(struct measure *m)
{
    int64_t kept[WG_CHAIN_MAX + 1] = {0}, behind = 0;
    size_t from = 0;
    for (size_t s = 0; s < m->n; s++) {
        size_t last = from; /* times */
        kept[s + 1] = kept[s] + m->stage[s].kept;
        for (size_t i = 0; i < m->backward; i++)
            last = m->stage_of[i] == s ? m->l->step[i].end - 1 : last;
        const int64_t beside = highest(m, from, last) - kept[s + 1];
        m->stage[s].beside_forward = beside > 0 ? beside : 0;
        from = last + 1;
    }
    for (size_t s = m->n; s-- > 0;) {
        size_t last = from;
        for (size_t i = m->backward; i < m->end; i++)
            last = m->stage_of[i] == s ? m->l->step[i].end - 1 : last;
        const int64_t beside = highest(m, from, last) - kept[s + 1] - behind;
        m->stage[s].beside_backward = beside > 0 ? beside : 0;
        behind += m->stage[s].gradients;
        from = last + 1;
    }
}

wg_status wg_chain_of(const wg_lifetime *l, size_t section, wg_chain_stage *stage, size_t *n)
{
    WG_OPERATION(op);
    if (!l || !stage || !n)
        return wg_fail(WG_E_NULL, op, "%s: an argument is NULL", op);
    if (section >= l->n_sections && section != WG_CHAIN_NODES)
        return wg_fail(WG_E_ARGUMENT, op, "%s: expected a section below %zu, got %zu", op, l->n_sections, section);
    struct measure m = {.l = l, .stage = stage};
    WG_TRY(find_backward(&m));
    m.stage_of = wg_object_new((m.end + 1) * sizeof *m.stage_of);
    m.level = m.stage_of ? wg_lifetime_levels(l) : NULL;
    wg_status status = !m.level ? WG_E_MEMORY : section == WG_CHAIN_NODES ? assign_nodes(&m) : assign_forward(&m, section);
    if (status == WG_OK) {
        assign_backward(&m, section);
        add_costs(&m);
        status = add_buffers(&m);
    }
    if (status == WG_OK)
        add_peaks(&m);
    *n = status == WG_OK ? m.n : 0;
    wg_object_free(m.stage_of);
    wg_object_free(m.level);
    return status;
}
