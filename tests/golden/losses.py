"""The golden cases of losses; losses.def says the same in Wengert's words. cases.py imports this file at their place in its list.

What PyTorch lacks is written out here. Where PyTorch has a loss but not its second derivative, or a gradient that is right behind
log_softmax only, the loss is written out and held against PyTorch's when the values are made."""
import itertools
import math

import torch
import torch.nn.functional as F

from cases import case, given, label, mask, real


def as_pytorch(theirs, ours):
    """ours, once its value and gradient are seen to be theirs."""
    def function(*x):
        wanted = [t for t in x if t.requires_grad]
        values = [f(*x) for f in (ours, theirs)]
        torch.testing.assert_close(*values, rtol=1e-12, atol=1e-14)
        weights = torch.linspace(0.5, 1.5, values[0].numel()).reshape(values[0].shape)
        gradients = [torch.autograd.grad((y * weights).sum(), wanted) for y in values]
        torch.testing.assert_close(*gradients, rtol=1e-10, atol=1e-12)
        return ours(*x)
    return function


def reduced(each, reduction):
    return each if reduction == "none" else each.mean() if reduction == "mean" else each.sum()


def signs(t):
    """-1 and 1 of labels 0 and 1."""
    return 2.0 * t - 1


def every_reduction(name, function, *operands):
    """function(*operands, reduction): the mean, the sum, and each element."""
    for ours, theirs in [("mean", "mean"), ("sum", "sum"), ("each", "none")]:
        case(f"{name}.{ours}", lambda *x, reduction=theirs: function(*x, reduction), *operands)


two = label(3, 4, low=0, high=2)
rows = [real(3, 4), real(3, 4)]
per_row = label(3, low=0, high=2)

# ---- regression ----

every_reduction("l1", lambda x, t, r: F.l1_loss(x, t, reduction=r), *rows)
case("huber.smooth_l1", lambda x, t: F.smooth_l1_loss(x, t, beta=0.5), *rows)
variance = real(3, 4, low=0.25, high=2)
every_reduction("gaussian_nll", lambda x, t, v, r: F.gaussian_nll_loss(x, t, v, reduction=r), *rows, variance)
case("gaussian_nll.full", lambda x, t, v: F.gaussian_nll_loss(x, t, v, full=True), *rows, variance)
case("gaussian_nll.one_variance", lambda x, t, v: F.gaussian_nll_loss(x, t, v), *rows, real(3, low=0.25, high=2))
case("gaussian_nll.kept_axis", lambda x, t, v: F.gaussian_nll_loss(x, t, v), *rows, real(3, 1, low=0.25, high=2))
case("gaussian_nll.below_eps", lambda x, t, v: F.gaussian_nll_loss(x, t, v, eps=0.75, reduction="none"), *rows, variance)
counts = real(3, 4, low=0.125, high=4, constant=True)
every_reduction("poisson_nll", lambda x, t, r: F.poisson_nll_loss(x, t, reduction=r), real(3, 4), counts)
case("poisson_nll.rates", lambda x, t: F.poisson_nll_loss(x, t, log_input=False), real(3, 4, low=0.125, high=3), counts)
case("poisson_nll.full", lambda x, t: F.poisson_nll_loss(x, t, full=True), real(3, 4), counts)
case("poisson_nll.rates_full", lambda x, t: F.poisson_nll_loss(x, t, log_input=False, full=True, eps=0.25, reduction="none"),
     real(3, 4, low=0.125, high=3), counts)

# ---- two classes ----

every_reduction("logistic", lambda f, t, r: F.soft_margin_loss(f, signs(t), reduction=r), real(3, 4, low=-3, high=3), two)
every_reduction("hinge", lambda f, t, r: reduced((0.75 - signs(t) * f).clamp(min=0), r), real(3, 4, low=-2, high=2), two)
# Away from 0 and 1, where PyTorch adds 1e-12 to denominators of the second derivative.
probabilities = [real(3, 4, low=0.0625, high=0.9375), real(3, 4, low=0)]
binary = F.binary_cross_entropy
every_reduction("bce", lambda p, t, r: binary(p, t, reduction=r), *probabilities)
case("bce.hard", lambda p, t: binary(p, t.double()), probabilities[0], two)
case("bce.weight", lambda p, t, w: binary(p, t, w), *probabilities, real(3, 4, low=0.5, high=2, constant=True))
case("bce.weight_of_columns", lambda p, t, w: binary(p, t, w, reduction="sum"), *probabilities,
     real(4, low=0.5, high=2, constant=True))
case("bounded_log.plain", lambda p: p.log(), real(2, 4, low=0.125, high=1))
case("bounded_log.complement", lambda p: torch.log1p(-p), real(2, 4, low=0.125, high=0.875))
logits = [real(3, 4, low=-4, high=4), real(3, 4, low=0)]
with_logits = F.binary_cross_entropy_with_logits
case("bce_with_logits.sum", lambda x, t: with_logits(x, t, reduction="sum"), *logits)
case("bce_with_logits.each", lambda x, t: with_logits(x, t, reduction="none"), *logits)
case("bce_with_logits.weight", lambda x, t, w: with_logits(x, t, w), *logits, real(3, 1, low=0.5, high=2, constant=True))
case("bce_with_logits.pos_weight", lambda x, t, q: with_logits(x, t, pos_weight=q, reduction="sum"), *logits,
     real(4, low=0.5, high=2, constant=True))
every_weight = [real(3, 4, low=0.5, high=2), real(4, low=0.5, high=2)]
case("bce_with_logits.weights", lambda x, t, w, q: with_logits(x, t, w.detach(), pos_weight=q.detach(), reduction="none"),
     *logits, *every_weight)
case("bce_with_logits.by_weights", lambda x, t, w, q: w * (q * t * F.softplus(-x) + (1 - t) * F.softplus(x)),
     *logits, *every_weight)


def focal(x, t, gamma, alpha, reduction):
    p, t = x.sigmoid(), t.double()
    q = p * t + (1 - p) * (1 - t)
    return reduced((alpha * t + (1 - alpha) * (1 - t)) * (1 - q) ** gamma * with_logits(x, t, reduction="none"), reduction)


bits = mask(3, 4)
every_reduction("focal", lambda x, t, r: focal(x, t, 2, 0.25, r), logits[0], bits)
case("focal.weak", lambda x, t: focal(x, t, 0.5, 0.75, "mean"), logits[0], bits)
case("focal.none", lambda x, t: focal(x, t, 0, 0.5, "mean"), logits[0], bits)


def dice(p, t, smooth, reduction):
    p, t = p.flatten(1), t.flatten(1)
    return reduced(1 - (2 * (p * t).sum(1) + smooth) / (p.sum(1) + t.sum(1) + smooth), reduction)


every_reduction("dice", lambda p, t, r: dice(p, t, 1, r), *probabilities)
case("dice.images", lambda p, t: dice(p, t, 0.25, "mean"), real(2, 3, 2, low=0), real(2, 3, 2, low=0))

# ---- several classes ----

scores = [real(4, 3, low=-2, high=2), label(4)]
weight = real(3, low=0.25, high=1, constant=True)


def others(s, y):
    return ~F.one_hot(y, s.shape[1]).bool()


def multi_margin(s, y, p=1, margin=1.0, weight=None, reduction="mean", divide=True):
    each = ((margin + s - s.gather(1, y[:, None])).clamp(min=0) ** p * others(s, y)).sum(1)
    each = each if weight is None else each * weight[y]
    return reduced(each / s.shape[1] if divide else each, reduction)


margin_loss = F.multi_margin_loss
for ours, theirs in [("mean", "mean"), ("sum", "sum"), ("each", "none")]:
    case(f"multi_margin.{ours}", as_pytorch(lambda s, y, r=theirs: margin_loss(s, y, reduction=r),
                                            lambda s, y, r=theirs: multi_margin(s, y, reduction=r)), *scores)
case("multi_margin.everything", as_pytorch(lambda s, y, w: margin_loss(s, y, 2, 0.5, w),
                                           lambda s, y, w: multi_margin(s, y, 2, 0.5, w)), *scores, weight)
case("multi_margin.weston_watkins", lambda s, y: multi_margin(s, y, divide=False, reduction="none"), *scores)
every_reduction("crammer_singer", lambda s, y, r: reduced(
    (0.75 + s.masked_fill(~others(s, y), -math.inf).amax(1) - s.gather(1, y[:, None])[:, 0]).clamp(min=0), r), *scores)


def smoothed(x, y, eps, weight=None, reduction="mean"):
    target = torch.where(others(x, y), eps, 1 - (x.shape[1] - 1) * eps)
    log_p = x.log_softmax(1)
    each = -(target * log_p * (1 if weight is None else weight)).sum(1)
    return each.sum() / weight[y].sum() if weight is not None and reduction == "mean" else reduced(each, reduction)


case("cross_entropy.each_smoothed", lambda x, y: smoothed(x, y, 0.125), *scores)
case("cross_entropy.each_smoothed_weight", lambda x, y, w: smoothed(x, y, 0.125, w), *scores, weight)
case("cross_entropy.each_smoothed_sum", lambda x, y: smoothed(x, y, 0.375, reduction="sum"), *scores)
case("cross_entropy.one_hot_smoothed", lambda x, t: -((t * (1 - 0.375) + 0.125) * x.log_softmax(1)).sum(1).mean(),
     scores[0], real(4, 3, low=0))

# ---- pairs and triples ----

case("cosine_similarity.rows", F.cosine_similarity, *rows)
case("cosine_similarity.columns", lambda a, b: F.cosine_similarity(a, b, dim=0), *rows)
case("cosine_similarity.pairs", lambda a, b: F.cosine_similarity(a, b, dim=2), real(3, 1, 4), real(1, 2, 4))
case("cosine_similarity.short", lambda a, b: (a * b).sum(1) / (a.norm(dim=1).clamp(min=1) * b.norm(dim=1).clamp(min=1)), *rows)
every_reduction("cosine_loss", lambda x, t, r: reduced(-F.cosine_similarity(x, t), r), *rows)
every_reduction("cosine_embedding", lambda a, b, t, r: F.cosine_embedding_loss(a, b, signs(t), reduction=r), *rows, per_row)
case("cosine_embedding.margin", lambda a, b, t: F.cosine_embedding_loss(a, b, signs(t), -0.5), real(8, 3), real(8, 3),
     label(8, low=0, high=2))
distance = F.pairwise_distance
case("pairwise_distance.plain", distance, *rows)
case("pairwise_distance.one", lambda a, b: distance(a, b, 1), *rows)
case("pairwise_distance.three", lambda a, b: distance(a, b, 3, 0.25), *rows)
case("pairwise_distance.one_and_a_half", lambda a, b: distance(a, b, 1.5), *rows)
case("pairwise_distance.infinite", lambda a, b: distance(a, b, math.inf), *rows)
case("pairwise_distance.broadcast", lambda a, b: (a - b + 1e-6).norm(dim=-1), real(3, 1, 4), real(2, 4))
triples = [*rows, real(3, 4)]
every_reduction("triplet_margin", lambda a, p, n, r: F.triplet_margin_loss(a, p, n, reduction=r), *triples)
case("triplet_margin.everything", lambda a, p, n: F.triplet_margin_loss(a, p, n, 0.75, 3, 0.125, swap=True), *triples)
case("triplet_margin.swap", lambda a, p, n: F.triplet_margin_loss(a, p, n, swap=True, reduction="none"), *triples)


def contrastive(a, b, t, margin, reduction):
    d, t = (a - b).norm(dim=-1), t.double()
    return reduced((1 - t) * d**2 / 2 + t * (margin - d).clamp(min=0) ** 2 / 2, reduction)


every_reduction("contrastive", lambda a, b, t, r: contrastive(a, b, t, 1.5, r), *rows, mask(3))
every_reduction("margin_ranking", lambda a, b, t, r: F.margin_ranking_loss(a, b, signs(t), 0.25, reduction=r), *rows, two)

# ---- distributions ----


def wasserstein(x, t, p):
    """By the quantiles at the middle of each of n m pieces of equal length."""
    n, m = x.shape[-1], t.shape[-1]
    x, t = x.sort(-1).values.repeat_interleave(m, -1), t.sort(-1).values.repeat_interleave(n, -1)
    return (x - t).abs().amax(-1) if p == math.inf else (((x - t).abs() ** p).mean(-1)) ** (1 / p)


every_reduction("wasserstein", lambda x, t, r: reduced(wasserstein(x, t, 1), r), real(3, 5), real(3, 5))
case("wasserstein.two", lambda x, t: wasserstein(x, t, 2), real(2, 5), real(2, 5))
case("wasserstein.sizes", lambda x, t: wasserstein(x, t, 1), real(2, 6), real(2, 4))
case("wasserstein.sizes_three", lambda x, t: wasserstein(x, t, 3), real(2, 3), real(2, 5))
case("wasserstein.infinite", lambda x, t: wasserstein(x, t, math.inf), real(7), real(3))
every_reduction("wasserstein_histogram", lambda p, t, r: reduced(
    0.5 * (p / p.sum(-1, True) - t / t.sum(-1, True)).cumsum(-1)[..., :-1].abs().sum(-1), r), real(3, 4, low=0), real(3, 4, low=0))
case("expect.plain", lambda x: x.clone(), real(2, 3))
case("expect.ends", lambda t: signs(t), label(2, 3, low=0, high=2))

# ---- connectionist temporal classification ----


def ctc_each(log_p, targets, times, lengths, blank):
    """Minus the logarithm of the sum over all sequences of classes that read as the target: every one of them, one by one."""
    losses = []
    for n, (T, S) in enumerate(zip(times, lengths)):
        wanted, paths = targets[n, :S].tolist(), []
        for path in itertools.product(range(log_p.shape[2]), repeat=T):
            if [c for c, _ in itertools.groupby(path) if c != blank] == wanted:
                paths.append(log_p[torch.arange(T), n, list(path)].sum())
        losses.append(-torch.stack(paths).logsumexp(0))
    return torch.stack(losses)


def ctc(x, targets, times, lengths, blank, reduction):
    def theirs(x, targets):
        return F.ctc_loss(x.log_softmax(2), targets, torch.tensor(times), torch.tensor(lengths), blank, reduction)

    def ours(x, targets):
        each = ctc_each(x.log_softmax(2), targets, times, lengths, blank)
        return (each / torch.tensor(lengths).clamp(min=1)).mean() if reduction == "mean" else reduced(each, reduction)
    return as_pytorch(theirs, ours)(x, targets)


spoken = [real(5, 3, 4, low=-2, high=2), label(3, 2, low=1, high=4)]
every_reduction("ctc", lambda x, y, r: ctc(x, y, [5, 4, 5], [2, 2, 1], 0, r), *spoken)
case("ctc.repeated", lambda x: ctc(x, torch.tensor([[1, 1], [2, 2], [1, 2]]), [5, 3, 4], [2, 2, 2], 0, "none"), spoken[0])
case("ctc.last_blank", lambda x: ctc(x, torch.tensor([[0, 1], [2, 2], [1, 0]]), [5, 5, 5], [2, 1, 0], 3, "mean"), spoken[0])
case("ctc_each.any_numbers", lambda x: ctc_each(x, torch.tensor([[1, 2], [2, 2], [1, 1]]), [5, 4, 3], [2, 2, 1], 0), spoken[0])

# ---- kinks ----

row = lambda *numbers: torch.tensor([numbers], dtype=torch.float64)  # noqa: E731
case("kink.l1", lambda x: F.l1_loss(x, torch.zeros(2), reduction="sum"), given(0, 1))
case("kink.multi_margin", lambda s: margin_loss(s[None], torch.tensor([0])), given(1, 0, -1))
case("kink.margin_ranking", lambda x: F.margin_ranking_loss(x, torch.zeros(1), torch.ones(1)), given(0))
case("kink.triplet_margin", lambda a: F.triplet_margin_loss(a[None], row(1, 0), row(2, 0), eps=0), given(1, 0))
case("kink.cosine_embedding", lambda a: F.cosine_embedding_loss(a[None], row(0, 1), -torch.ones(1)), given(1, 0))
case("kink.cosine_similarity", lambda a: F.cosine_similarity(a[None], row(3, 4)), given(0, 0))
case("kink.pairwise_distance", lambda a: distance(a[None], row(1, 2), eps=0), given(1, 2))
case("kink.bce_at_0", lambda p: binary(p, torch.zeros(1)), given(0))
case("kink.bce_at_1", lambda p: binary(p, torch.ones(1)), given(1))
case("kink.gaussian_nll", lambda v: F.gaussian_nll_loss(torch.ones(1), torch.zeros(1), v, eps=0.5), given(0))


def impossible_ctc(x, **options):
    return F.ctc_loss(x.reshape(2, 1, 2).log_softmax(2), torch.tensor([[1, 1]]), torch.tensor([2]), torch.tensor([2]), **options)


case("kink.ctc", impossible_ctc, given(0, 0, 0, 0))
case("kink.ctc_zero_infinity", lambda x: impossible_ctc(x, zero_infinity=True), given(0, 0, 0, 0))
