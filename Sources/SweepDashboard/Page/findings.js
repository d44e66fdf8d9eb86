// Everything that the program can find, by its id: at most two words, and a colour. Kinds of one family are near one hue of Okabe and Ito
// (2008), each dark enough for the light page and light enough for the dark one (3 : 1). A test holds them to the program's ids.

export const FINDINGS = {
  // Symptoms, what curves and instruments show.
  'S-NONFINITE': ['not finite', '#c63a05'], 'S-DIVERGE': ['diverging', '#ce4d05'], 'S-RISE': ['rising', '#d15f05'], 'S-SPIKE': ['spikes', '#d17005'], 'S-EXPLODE': ['exploding gradient', '#ce8005'],
  'S-OSC': ['oscillating', '#a55804'], 'S-PERIOD': ['periodic', '#a96804'], 'S-BATCHNOISE': ['noisy batches', '#aa7704'], 'S-NOISE': ['gradient noise', '#aa8404'], 'S-EDGE': ['stability edge', '#a89104'],
  'S-CHANCE': ['at chance', '#03787f'], 'S-PLATEAU': ['plateau', '#04809b'], 'S-SLOW': ['slow', '#0585bc'], 'S-LRCOLLAPSE': ['rate collapsed', '#0687e5'], 'S-STILLIMPROVING': ['still improving', '#2c8bfa'], 'S-COLLAPSE': ['one answer', '#578ffb'],
  'S-VALRISE': ['validation rising', '#ac419c'], 'S-GAP': ['validation gap', '#b9479d'], 'S-TOOGOOD': ['too good', '#be5499'], 'S-DISCORD': ['metrics disagree', '#c25f96'], 'S-VALBELOW': ['validation below', '#c66893'], 'S-VALNOISY': ['few rows', '#c97190'], 'S-MODE': ['modes apart', '#cc798e'],
  'S-INITLOSS': ['initial loss', '#037d37'], 'S-VANISH': ['vanishing gradient', '#038445'], 'S-DEAD': ['dead units', '#048a54'], 'S-SATUR': ['saturated units', '#049064'], 'S-ACTDRIFT': ['activation scale', '#049574'], 'S-SYMM': ['equal units', '#049a84'], 'S-UNCHANGED': ['unchanged layer', '#049e95'], 'S-PENDOM': ['penalty dominant', '#04a2a6'],
  // Causes, why they do.
  'K-LRHI': ['rate high', '#c63a05'], 'K-NODECAY': ['no decay', '#cc4705'], 'K-LRLO': ['rate low', '#cf5305'], 'K-LRCOLLAPSE': ['rate collapse', '#d15f05'], 'K-OPT': ['optimizer', '#d16b05'], 'K-OPTHP': ['optimizer settings', '#d07505'], 'K-EXPLODE': ['exploding gradient', '#ce8005'],
  'K-SMALLB': ['batch small', '#a55804'], 'K-BIGB': ['batch large', '#a86504'], 'K-EPOCHS': ['few epochs', '#aa7104'], 'K-OVERTRAIN': ['trained past', '#aa7c04'], 'K-SEED': ['unlucky seed', '#a98704'], 'K-BUG': ['a bug', '#a89104'],
  'K-SCALE': ['feature scale', '#03787f'], 'K-YSCALE': ['target scale', '#047e92'], 'K-OUTLIER': ['outliers', '#0482a8'], 'K-LABELNOISE': ['wrong labels', '#0585c1'], 'K-NOSIGNAL': ['no signal', '#0687de'], 'K-IMBAL': ['class imbalance', '#1288f9'], 'K-MISSING': ['missing values', '#3a8cfa'], 'K-PREP': ['preprocessing', '#578ffb'],
  'K-SMALLDATA': ['few rows', '#ac419c'], 'K-VALSMALL': ['small validation', '#ba4a9c'], 'K-LEAK': ['a leak', '#bf5898'], 'K-SHUFFLE': ['not shuffled', '#c46494'], 'K-NOAUG': ['no augmentation', '#c86f91'], 'K-BADAUG': ['bad augmentation', '#cc798e'],
  'K-OVERCAP': ['model large', '#037d37'], 'K-UNDERCAP': ['model small', '#038242'], 'K-UNDERREG': ['little regularisation', '#03874d'], 'K-OVERREG': ['much regularisation', '#048c59'], 'K-ACT': ['hidden activations', '#049065'], 'K-OUTHEAD': ['output head', '#049472'], 'K-LOSSFN': ['wrong loss', '#04987f'], 'K-INIT': ['initial weights', '#049b8b'], 'K-VANISH': ['vanishing gradient', '#049f99'], 'K-DEAD': ['dead units', '#04a2a6'],
  // What the checks of data find.
  'D-MISSING': ['missing values', '#03787f'], 'D-SENTINEL': ['stand-in values', '#047e96'], 'D-CONSTANT': ['constant columns', '#0583b0'], 'D-SCALE': ['feature scale', '#0587cf'], 'D-RANGE': ['pixel range', '#0687f5'], 'D-LIGHT': ['light background', '#358cfa'], 'D-PRESCALED': ['scaled before', '#578ffb'],
  'D-OUTLIER': ['far values', '#a55804'], 'D-FARROWS': ['far rows', '#a96804'], 'D-SKEW': ['skewed columns', '#aa7704'], 'D-DRIFT': ['parts differ', '#aa8404'], 'D-ORDER': ['row order', '#a89104'],
  'D-DUPLICATE': ['copied rows', '#c63a05'], 'D-CONFLICT': ['contradictory rows', '#ce4d05'], 'D-OVERLAP': ['shared rows', '#d15f05'], 'D-LEAK': ['target leak', '#d17005'], 'D-REDUNDANT': ['redundant columns', '#ce8005'],
  'D-IMBALANCE': ['class imbalance', '#037d37'], 'D-TARGET': ['target values', '#048950'], 'D-LABELNOISE': ['doubtful labels', '#04926c'], 'D-SIZE': ['few rows', '#049b88'], 'D-LEARNABLE': ['simple models', '#04a2a6'],
}

/** The words of a finding; of one that is of a later version its id. */
export const findingName = id => FINDINGS[id]?.[0] ?? id
export const findingColor = id => FINDINGS[id]?.[1] ?? '#7f7f7f'
