'use strict';
'require baseclass';

return baseclass.extend({
	isNeeded() { return Promise.resolve(false); },
	invitation() { return []; }
});
